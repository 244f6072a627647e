use crate::harness::Sandbox;
#[tokio::test]
async fn it_runs() {
    let service = Sandbox::new().start().await;
    assert_eq!(service.get("/text").await.text(), "hello");
    println!("{}", service.get("/metrics").await.text());
    println!("{}", service.get("/health").await.text());
    println!("{:?}", service.get("/none").await);
    service.settle().await;
    let exit = service.stop().await;
    println!("{}", exit.stdout);
    for args in [&["config"][..], &["config","--format","json"],&["check"],&["routes"],&["help"],&["version"],&["health"],&["migrate"],&["chekc"]] {
        let e = Sandbox::new().run(args).await;
        println!("{args:?} {:?}\n{}\n--\n{}", e.code, e.stdout, e.stderr);
    }
}
