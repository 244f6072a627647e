//! Order, limits, counts and time: with sinks that work, block, fail and panic.

use std::io::{self, ErrorKind, Write};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::*;

const LONG: Duration = Duration::from_secs(20);

/// A sink whose behaviour the test chooses, and what it has taken.
#[derive(Clone, Default)]
struct Sink(Arc<(Mutex<Inside>, Condvar)>);

#[derive(Default)]
struct Inside {
    taken: Vec<u8>,
    writes: usize,
    mode: Mode,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Mode {
    #[default]
    Works,
    Blocks,
    Fails,
    Panics,
    Full,
    /// Takes seven bytes at a time.
    Sips,
}

impl Sink {
    fn set(&self, mode: Mode) {
        self.0.0.lock().unwrap().mode = mode;
        self.0.1.notify_all();
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.0.lock().unwrap().taken.clone()).unwrap()
    }

    fn writes(&self) -> usize {
        self.0.0.lock().unwrap().writes
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inside = self.0.0.lock().unwrap();
        inside.writes += 1;
        while inside.mode == Mode::Blocks {
            inside = self.0.1.wait(inside).unwrap();
        }
        let count = match inside.mode {
            Mode::Works => bytes.len(),
            Mode::Sips => bytes.len().min(7),
            Mode::Full => return Err(ErrorKind::WouldBlock.into()),
            Mode::Fails => return Err(ErrorKind::StorageFull.into()),
            Mode::Panics => {
                drop(inside);
                panic!("the sink panics, on purpose");
            }
            Mode::Blocks => unreachable!(),
        };
        inside.taken.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn start(mode: Mode) -> (LogWriter, Sink) {
    let sink = Sink::default();
    sink.set(mode);
    (LogWriter::to(sink.clone()), sink)
}

/// Waits until `sink` was called at least once.
fn called(sink: &Sink) {
    let start = Instant::now();
    while sink.writes() == 0 {
        assert!(start.elapsed() < LONG, "the sink was never called");
        std::thread::yield_now();
    }
}

#[test]
fn lines_arrive_whole_and_in_order_with_their_breaks() {
    let (writer, sink) = start(Mode::Works);
    writer.write_line(b"one");
    writer.write_line(b"two\n");
    writer.write_line(b"");
    assert!(writer.flush(LONG));
    assert_eq!(sink.text(), "one\ntwo\n\n");
}

#[test]
fn lines_arrive_without_a_flush() {
    let (writer, sink) = start(Mode::Works);
    for round in 0..3 {
        writer.write_line(b"line");
        let start = Instant::now();
        while sink.text().lines().count() <= round {
            assert!(start.elapsed() < LONG);
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn eight_threads_lose_nothing_below_the_limit() {
    const EACH: usize = 5_000;
    let (writer, sink) = start(Mode::Works);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let writer = writer.clone();
            scope.spawn(move || {
                for line in 0..EACH {
                    writer.write_line(format!("{thread} {line}").as_bytes());
                }
            });
        }
    });
    assert!(writer.flush(LONG));
    assert_eq!(writer.lost(), 0);
    let text = sink.text();
    let mut next = [0; 8];
    for line in text.lines() {
        let (thread, line) = line.split_once(' ').unwrap();
        let next = &mut next[thread.parse::<usize>().unwrap()];
        assert_eq!(line.parse::<usize>().unwrap(), *next, "out of order");
        *next += 1;
    }
    assert_eq!(next, [EACH; 8]);
    assert!(
        sink.writes() < 8 * EACH / 10,
        "{} writes: not in batches",
        sink.writes()
    );
}

#[test]
fn above_the_limit_each_line_is_counted_and_the_stream_says_so() {
    const LINE: usize = 1024;
    let (writer, sink) = start(Mode::Blocks);
    let fit = LIMIT / LINE;
    let line = [b'x'; LINE - 1];
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let writer = writer.clone();
            scope.spawn(move || (0..fit / 8 + 100).for_each(|_| writer.write_line(&line)));
        }
    });
    assert_eq!(writer.lost(), 800);
    sink.set(Mode::Works);
    assert!(writer.flush(LONG));
    let text = sink.text();
    assert_eq!(
        text.lines().filter(|line| line.starts_with('x')).count(),
        fit
    );
    let reports: Vec<&str> = text.lines().filter(|line| !line.starts_with('x')).collect();
    assert_eq!(reports.len(), 1);
    assert!(
        reports[0].contains("WARN") && reports[0].ends_with("lost=800"),
        "{}",
        reports[0]
    );
    // And then it goes on as before.
    writer.write_line(b"after");
    assert!(writer.flush(LONG));
    assert!(sink.text().ends_with("lost=800\nafter\n"));
    assert_eq!(writer.lost(), 800);
}

#[test]
fn a_loss_is_reported_in_the_format_of_the_log() {
    let (writer, sink) = start(Mode::Works);
    writer.set_style(Style {
        format: LogFormat::Json,
        ansi: false,
    });
    writer.write_line(&vec![b'x'; LIMIT]);
    assert_eq!(writer.lost(), 1, "a line that can never fit");
    writer.write_line(b"{}");
    assert!(writer.flush(LONG));
    let text = sink.text();
    let report: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(
        (&report["level"], &report["lost"]),
        (&"WARN".into(), &1.into())
    );
}

#[test]
fn flush_gives_up_on_a_blocked_sink_in_time() {
    let (writer, sink) = start(Mode::Blocks);
    assert!(writer.flush(Duration::ZERO), "nothing was written yet");
    writer.write_line(b"stuck");
    let start = Instant::now();
    assert!(!writer.flush(Duration::from_millis(50)));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(start.elapsed() >= Duration::from_millis(50));
    sink.set(Mode::Works);
    assert!(writer.flush(LONG));
    assert_eq!(sink.text(), "stuck\n");
}

#[test]
fn a_failing_sink_fails_the_flush_and_recovers_without_a_gap() {
    let (writer, sink) = start(Mode::Fails);
    writer.write_line(b"first");
    // The limit must not be what ends it, neither at once nor once the pauses have grown.
    for _ in 0..3 {
        let start = Instant::now();
        assert!(!writer.flush(LONG));
        assert!(start.elapsed() < LONG / 4);
    }
    writer.write_line(b"second");
    sink.set(Mode::Works);
    assert!(writer.flush(LONG));
    assert_eq!(sink.text(), "first\nsecond\n");
    assert_eq!(writer.lost(), 0);
}

#[test]
fn a_failing_sink_is_not_asked_over_and_over() {
    let (writer, sink) = start(Mode::Fails);
    writer.write_line(b"line");
    called(&sink);
    std::thread::sleep(Duration::from_millis(300));
    let writes = sink.writes();
    assert!((2..20).contains(&writes), "{writes} attempts in 0.3 s");
}

#[test]
fn a_panicking_sink_does_not_end_the_log() {
    let (writer, sink) = start(Mode::Panics);
    writer.write_line(b"line");
    assert!(!writer.flush(LONG));
    sink.set(Mode::Works);
    assert!(writer.flush(LONG));
    assert_eq!(sink.text(), "line\n");
}

#[test]
fn partial_writes_continue_where_they_ended() {
    let (writer, sink) = start(Mode::Sips);
    let lines: String = (0..100).map(|n| format!("line number {n}\n")).collect();
    lines
        .lines()
        .for_each(|line| writer.write_line(line.as_bytes()));
    assert!(writer.flush(LONG));
    assert_eq!(sink.text(), lines);
}

#[test]
fn a_full_pipe_is_not_a_failure() {
    let (writer, sink) = start(Mode::Full);
    writer.write_line(b"line");
    called(&sink);
    let for_later = sink.clone();
    let opener = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        for_later.set(Mode::Works);
    });
    assert!(writer.flush(LONG));
    opener.join().unwrap();
    assert_eq!(sink.text(), "line\n");
}

#[test]
fn the_last_handle_writes_out_what_is_left_and_lets_the_sink_go() {
    struct Reports(Sink, mpsc::Sender<()>);
    impl Write for Reports {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Drop for Reports {
        fn drop(&mut self) {
            self.1.send(()).unwrap();
        }
    }
    let (dropped, was_dropped) = mpsc::channel();
    let sink = Sink::default();
    let writer = LogWriter::to(Reports(sink.clone(), dropped));
    let clone = writer.clone();
    writer.write_line(b"one");
    drop(writer);
    clone.write_line(b"two");
    drop(clone);
    assert_eq!(sink.text(), "one\ntwo\n");
    assert!(was_dropped.try_recv().is_ok());
}

#[test]
fn dropping_the_last_handle_of_a_stuck_sink_takes_a_second_at_most() {
    for mode in [Mode::Blocks, Mode::Fails, Mode::Full] {
        let (writer, sink) = start(mode);
        writer.write_line(b"line");
        called(&sink);
        let start = Instant::now();
        drop(writer);
        assert!(start.elapsed() < Duration::from_secs(3));
        let writes = sink.writes();
        assert!(writes < 40, "{writes} attempts");
        sink.set(Mode::Works);
    }
}

#[test]
fn big_bursts_do_not_keep_their_memory() {
    let (writer, sink) = start(Mode::Blocks);
    writer.write_line(b"first");
    called(&sink);
    let line = [b'x'; 64 * 1024];
    (0..100).for_each(|_| writer.write_line(&line));
    sink.set(Mode::Works);
    assert!(writer.flush(LONG));
    // Two more rounds, since the two buffers change places.
    for _ in 0..2 {
        writer.write_line(b"small");
        assert!(writer.flush(LONG));
    }
    assert!(writer.0.shared.lock().buffer.capacity() <= 1024 * 1024);
}

#[test]
fn pieces_of_one_event_become_one_line() {
    let (writer, sink) = start(Mode::Works);
    for pieces in [
        &["a whole line\n"][..],
        &["in ", "pieces\n"],
        &["without a break"],
        &[],
    ] {
        let mut event = writer.make_writer();
        for piece in pieces {
            event.write_all(piece.as_bytes()).unwrap();
        }
    }
    assert!(writer.flush(LONG));
    assert_eq!(sink.text(), "a whole line\nin pieces\nwithout a break\n");
}
