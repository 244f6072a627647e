//! What `#[cached]` expands to.

use proc_macro2::TokenStream;
use quote::quote;

use super::{expand, expand_key};
use crate::same_code::{assert_same_code, mistakes};

fn mistakes_of(arguments: TokenStream, item: TokenStream) -> Vec<String> {
    mistakes(expand(arguments, item))
}

#[test]
fn a_function() {
    let item = quote!(
        /// Loads.
        pub async fn user(cache: &Cache, db: &PgDb, mut id: i64) -> Result<User> {
            body()
        }
    );
    let expected = quote! {
        /// Loads.
        pub async fn user(cache: &Cache, db: &PgDb, id: i64) -> Result<User> {
            async fn __load(#[allow(unused_variables, reason = "for the lookup")] cache: &Cache, db: &PgDb, mut id: i64) -> Result<User> { body() }
            const _: () = {
                use ::rustboot::__private::Otherwise as _;
                ::core::assert!(::rustboot::__private::Probe::<PgDb>::IS_PROVIDED, "`db` is not in the key, so that calls that differ in it would get each other's value: put `{{db}}` into the key, or say `skip = [db]`");
            };
            ::rustboot::__private::assert_cached::<Result<User>>();
            let __cache: &::rustboot::__private::Cache = &cache;
            let __key = ::rustboot::__private::CacheKey::new().text("user:").value(&id).finish();
            ::rustboot::__private::Cache::get_or_try_load(
                __cache,
                &__key,
                ::rustboot::__private::Ttl::of(::core::time::Duration::from_millis(60000u64)),
                move || {
                    let cache = <Cache as ::std::borrow::ToOwned>::to_owned(cache);
                    let db = <PgDb as ::std::borrow::ToOwned>::to_owned(db);
                    async move { __load(::core::borrow::Borrow::<Cache>::borrow(&cache), ::core::borrow::Borrow::<PgDb>::borrow(&db), id).await }
                }
            )
            .await
        }
    };
    assert_same_code(
        expand(quote!(key = "user:{id}", ttl = "60s"), item),
        expected,
    );
}

#[test]
fn a_method() {
    let item = quote!(
        #[allow(dead_code)]
        #[must_use]
        async fn find(&self, code: &str) -> Result<Option<Link>> {
            body()
        }
    );
    let expanded = expand(quote!(key = "{self.shop}:{code}", stale = "1m"), item);
    let expected = quote! {
        impl Links {
            #[allow(dead_code)]
            #[must_use]
            async fn find(&self, code: &str) -> Result<Option<Link>> {
                ::rustboot::__private::assert_cached::<Result<Option<Link>>>();
                let __cache: &::rustboot::__private::Cache = &self.cache;
                let __key = ::rustboot::__private::CacheKey::new().value(&self.shop).text(":").value(&code).finish();
                ::rustboot::__private::Cache::get_or_try_load(
                    __cache,
                    &__key,
                    <::rustboot::__private::Ttl as ::core::default::Default>::default().stale(::core::time::Duration::from_millis(60000u64)),
                    move || {
                        let __self = <Self as ::core::clone::Clone>::clone(self);
                        let code = <str as ::std::borrow::ToOwned>::to_owned(code);
                        async move { Self::__find_uncached(&__self, ::core::borrow::Borrow::<str>::borrow(&code)).await }
                    }
                )
                .await
            }
            #[allow(dead_code)]
            #[doc(hidden)]
            async fn __find_uncached(&self, code: &str) -> Result<Option<Link>> { body() }
        }
    };
    assert_same_code(quote!(impl Links { #expanded }), expected);
}

#[test]
fn which_cache() {
    let text = |arguments: TokenStream, item: TokenStream| expand(arguments, item).to_string();
    let by_value = text(
        quote!(key = "k"),
        quote!(
            async fn f(cache: Inject<Cache>) -> Result<u8> {}
        ),
    );
    assert!(
        by_value.contains("let __cache = & :: rustboot :: __private :: Cache :: clone (& cache)"),
        "{by_value}"
    );
    let field = text(
        quote!(key = "k", cache = shop.sessions),
        quote!(
            async fn f(shop: &Inject<Shop>, cache: &Cache) -> Result<u8> {}
        ),
    );
    assert!(field.contains("Cache = & shop . sessions"), "{field}");

    assert_eq!(
        mistakes_of(
            quote!(key = "k"),
            quote!(
                async fn f(db: PgDb) -> Result<u8> {}
            )
        ),
        [
            "there is no cache: take one as a parameter, `cache: &Cache`, or say where it is with `cache = …`"
        ]
    );
    assert_eq!(
        mistakes_of(
            quote!(key = "k"),
            quote!(
                async fn f(a: &Cache, b: rustboot::Cache) -> Result<u8> {}
            )
        ),
        ["there are several caches: say which, `cache = b`"]
    );
    assert_eq!(
        mistakes_of(
            quote!(key = "k", cache = "sessions"),
            quote!(
                async fn f(cache: &Cache) -> Result<u8> {}
            )
        ),
        [
            "`cache` is a value, not a name: whoever calls this function takes `#[named(\"sessions\")] cache: Cache` and passes it on; write `cache = cache`, or `cache = self.sessions` for one in a field"
        ]
    );
}

#[test]
fn mistakes_are_reported_together() {
    let found = mistakes_of(
        quote!(key = "{idd}{x}", ttl = "0s", skip = trace, expire = 60),
        quote!(
            fn f<T>((a, b): (u8, u8), out: &mut u8, name: Cow<'_, str>, f: impl Fn()) {}
        ),
    );
    assert_eq!(
        found,
        [
            "the time is `ttl = \"60s\"`",
            "`#[cached]` needs an async function: write `async fn f`",
            "`#[cached]` needs a function without generic types: values of different types would share a key",
            "`f` returns nothing to keep: return a `Result<T>`",
            "`#[cached]` needs parameters with a name: take them apart in the function",
            "a call that finds a value changes nothing: `out` cannot be `&mut`",
            "a load goes on when its caller is gone, so it cannot borrow inside of `Cow<'_, str>`: take it owned",
            "`#[cached]` needs parameters of known types, not `impl Trait`",
        ]
    );
    let found = mistakes_of(
        quote!(key = "{idd}{x}", ttl = "0s", skip = trace),
        quote!(
            async fn f(cache: &Cache) -> Result<u8> {}
        ),
    );
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].contains("nothing says where `{idd}` ends"));
    assert!(found[1].contains("nothing would be kept"));
    assert!(found[2].contains("`skip` takes names"));
    let found = mistakes_of(
        quote!(key = "{idd}", skip = [nme, self]),
        quote!(
            async fn f(cache: &Cache, id: u8, name: &'static str) -> Result<u8> {}
        ),
    );
    assert_eq!(
        found,
        [
            "there is no parameter `idd`, did you mean `id`?",
            "there is no parameter `nme`, did you mean `name`?",
            "there is no parameter `self`: there are `cache`, `id` and `name`",
        ]
    );
    let found = mistakes_of(
        quote!(),
        quote!(
            async fn f(self, #[named("a")] cache: &Cache) -> Result<u8> {}
        ),
    );
    assert_eq!(
        found,
        [
            "`#[cached]` needs a key: write `key = \"user:{id}\"`",
            "`#[cached]` goes on methods with `&self`",
            "whoever calls this function takes the cache by its name: put `#[named]` there",
        ]
    );
}

#[test]
fn what_cannot_fail_is_told_that_a_load_can() {
    let found = mistakes_of(
        quote!(key = "k"),
        quote!(
            async fn f(cache: &Cache) -> Option<u8> {}
        ),
    );
    assert_eq!(
        found,
        [
            "`#[cached]` needs a function that can fail, as a load can: return a `Result<Option<u8>>`"
        ]
    );
    let alias = quote!(
        async fn f(cache: &Cache) -> io::Result<u8> {}
    );
    assert!(mistakes_of(quote!(key = "k"), alias).is_empty());
}

#[test]
fn other_items_are_told_where_it_goes() {
    assert_eq!(
        mistakes_of(
            quote!(key = "k"),
            quote!(
                struct A;
            )
        ),
        ["`#[cached]` does not go here: put it on the async function that loads the value"]
    );
}

#[test]
fn a_key_by_itself() {
    let key = expand_key(quote!("user:{user.id}"));
    assert_same_code(
        quote!(const K: String = #key;),
        quote!(
            const K: String = ::rustboot::__private::CacheKey::new()
                .text("user:")
                .value(&user.id)
                .finish();
        ),
    );
    let mistake = expand_key(quote!(user)).to_string();
    assert!(mistake.contains("`cache_key!` takes the key"), "{mistake}");
}
