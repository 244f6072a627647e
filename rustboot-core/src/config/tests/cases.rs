//! The table of cases: what is given, and the value that a field then has with its origin, or what the report says. One row is
//! one test.

use super::*;

/// What every row starts from: nothing but the one map that the shop cannot do without.
fn nothing() -> World {
    toml("")
}

/// Lines below `[shop]`; the first one is line 3.
fn toml(text: &str) -> World {
    World::new().file("config/app.toml", &format!("[shop.labels]\n[shop]\n{text}"))
}

fn env(name: &str, value: &str) -> World {
    nothing().env(name, value)
}

fn arg(argument: &str) -> World {
    nothing().arg(argument)
}

fn secret(name: &str, text: &str) -> World {
    nothing().file(&format!("secrets/{name}"), text)
}

/// A bound field as `Debug` shows it.
fn shown(shop: &Shop, field: &str) -> String {
    match field {
        "currency" => format!("{:?}", shop.currency),
        "port" => format!("{:?}", shop.port),
        "rate" => format!("{:?}", shop.rate),
        "open" => format!("{:?}", shop.open),
        "hold" => format!("{:?}", shop.hold),
        "upload" => format!("{:?}", shop.upload.as_u64()),
        "region" => format!("{:?}", shop.region),
        "workers" => format!("{:?}", shop.workers),
        "payments" => format!("{:?}", shop.payments),
        "sizes" => format!("{:?}", shop.sizes),
        "labels.team" => format!("{:?}", shop.labels.get("team")),
        "labels.tier" => format!("{:?}", shop.labels.get("tier")),
        "mode" => format!("{:?}", shop.mode),
        "delivery.radius" => format!("{:?}", shop.delivery.radius),
        "delivery.carrier-name" => format!("{:?}", shop.delivery.carrier),
        "api_key" => format!("{:?}", shop.api_key.expose_secret()),
        other => panic!("the table has no column for {other}"),
    }
}

/// `<dir>` in a row is the folder of the case.
fn has_value(world: &World, field: &str, value: &str, origin: &str) {
    let mut builder = world.builder();
    let Ok(shop) = builder.config::<Shop>() else {
        panic!("{}", world.report::<Shop>());
    };
    assert_eq!(shown(&shop, field), value);
    let found = builder.origin(&format!("shop.{field}"));
    let found = found.map_or("nowhere".to_owned(), |origin| origin.to_string());
    assert_eq!(
        found.replace(&world.path().display().to_string(), "<dir>"),
        origin
    );
}

/// One problem: its first line, and the ones below it.
fn has_problem(world: &World, expected: &[&str]) {
    let report = world.report::<Shop>();
    assert_eq!(report.configuration.len(), 1, "{report}");
    let problem = &report.configuration[0];
    let mut lines = vec![format!("{}: {}", problem.subject, problem.message)];
    lines.extend(problem.notes.iter().cloned());
    let lines: Vec<String> = lines
        .iter()
        .map(|line| line.replace(&world.path().display().to_string(), "<dir>"))
        .collect();
    assert_eq!(lines, expected);
}

macro_rules! values {
    ($($name:ident: $world:expr => $field:literal, $value:literal, $origin:literal;)*) => {
        $(#[test]
        fn $name() {
            has_value(&$world, $field, $value, $origin);
        })*
    };
}

macro_rules! problems {
    ($($name:ident: $world:expr => $($line:literal),+;)*) => {
        $(#[test]
        fn $name() {
            has_problem(&$world, &[$($line),+]);
        })*
    };
}

/// Which layer wins, and what it is called.
mod layers {
    use super::*;

    fn below() -> World {
        toml("port = 2\n").env("APP_ENV", "prod")
    }
    fn profile() -> World {
        below().file("config/app.prod.toml", "\n[shop]\n# why\nport = 3\n")
    }
    fn dotenv() -> World {
        profile().file(".env", "# local\nAPP_SHOP__PORT=4\n")
    }
    fn dotenv_of_the_profile() -> World {
        dotenv().file(".env.prod", "export APP_SHOP__PORT=5\n")
    }
    fn environment() -> World {
        dotenv_of_the_profile().env("APP_SHOP__PORT", "6")
    }
    fn secret_file() -> World {
        environment().file("secrets/shop__port", "7\n")
    }
    fn named_file() -> World {
        let world = secret_file().file("elsewhere", "8");
        let path = world.path().join("elsewhere").display().to_string();
        world.env("APP_SHOP__PORT_FILE", &path)
    }

    values! {
        l1_the_default:                nothing()                                 => "port", "1", "default";
        l2_the_file:                   below()                                   => "port", "2", "config/app.toml:3";
        l3_the_file_of_the_profile:    profile()                                 => "port", "3", "config/app.prod.toml:4";
        l4_dotenv:                     dotenv()                                  => "port", "4", ".env:2";
        l4_dotenv_of_the_profile:      dotenv_of_the_profile()                   => "port", "5", ".env.prod:1";
        l5_the_environment:            environment()                             => "port", "6", "env APP_SHOP__PORT";
        l6_a_secret_file:              secret_file()                             => "port", "7", "secret <dir>/secrets/shop__port";
        l6_a_file_that_is_named:       named_file()                              => "port", "8", "secret <dir>/elsewhere";
        l7_set:                        named_file().arg("--set").arg("shop.port=9") => "port", "9", "argument --set shop.port";
        l7_set_with_a_sign:            named_file().arg("--set=shop.port=9")     => "port", "9", "argument --set shop.port";
        l7_the_key_as_an_option:       named_file().arg("--shop.port=10")        => "port", "10", "argument --shop.port";
        of_two_arguments_the_later:    arg("--shop.port=3").arg("--shop.port=4") => "port", "4", "argument --shop.port";
        no_file_of_another_profile:    profile().env("APP_ENV", "test")          => "port", "2", "config/app.toml:3";
        production_means_prod:         profile().env("APP_ENV", "production")    => "port", "3", "config/app.prod.toml:4";
        profile_beats_app_env:         profile().env("APP_ENV", "test").arg("--profile=prod") => "port", "3", "config/app.prod.toml:4";
        an_empty_file_variable_is_none: env("APP_SHOP__PORT_FILE", "")           => "port", "1", "default";
    }
}

/// Maps merge key by key, and lists are replaced.
mod merging {
    use super::*;

    fn two_files() -> World {
        World::new()
            .file("config/app.toml", "[shop]\npayments = [\"a\", \"b\"]\n[shop.labels]\nteam = \"blue\"\ntier = \"1\"\n")
            .file("config/app.dev.toml", "[shop]\npayments = [\"c\"]\n[shop.labels]\ntier = \"2\"\n[shop.delivery]\nradius = 3\n")
    }

    values! {
        a_key_of_the_lower_file_stays:  two_files() => "labels.team", "Some(\"blue\")", "config/app.toml:4";
        a_key_of_both_is_the_higher:    two_files() => "labels.tier", "Some(\"2\")", "config/app.dev.toml:4";
        a_key_of_the_higher_file_joins: two_files() => "delivery.radius", "3", "config/app.dev.toml:6";
        a_list_is_replaced:             two_files() => "payments", "[\"c\"]", "config/app.dev.toml:2";
        a_variable_joins_a_map:         two_files().env("APP_SHOP__LABELS__TEAM", "red") => "labels.team", "Some(\"red\")", "env APP_SHOP__LABELS__TEAM";
        an_argument_joins_a_map:        two_files().arg("--shop.labels.tier=3") => "labels.tier", "Some(\"3\")", "argument --shop.labels.tier";
    }
}

/// The field decides what a text is.
mod typing {
    use super::*;

    values! {
        a_text_of_digits:         env("APP_SHOP__CURRENCY", "8080")     => "currency", "\"8080\"", "env APP_SHOP__CURRENCY";
        a_text_true:              env("APP_SHOP__CURRENCY", "true")     => "currency", "\"true\"", "env APP_SHOP__CURRENCY";
        a_text_null:              env("APP_SHOP__CURRENCY", "null")     => "currency", "\"null\"", "env APP_SHOP__CURRENCY";
        a_text_of_nothing:        env("APP_SHOP__CURRENCY", "")         => "currency", "\"\"", "env APP_SHOP__CURRENCY";
        a_text_with_spaces:       env("APP_SHOP__CURRENCY", " spaced ") => "currency", "\" spaced \"", "env APP_SHOP__CURRENCY";
        a_text_like_an_exponent:  env("APP_SHOP__CURRENCY", "1e5")      => "currency", "\"1e5\"", "env APP_SHOP__CURRENCY";
        a_text_like_a_list:       env("APP_SHOP__CURRENCY", "[a],b")    => "currency", "\"[a],b\"", "env APP_SHOP__CURRENCY";
        a_text_with_a_dollar:     env("APP_SHOP__CURRENCY", "${A}")     => "currency", "\"${A}\"", "env APP_SHOP__CURRENCY";
        an_optional_text:         env("APP_SHOP__REGION", "null")       => "region", "Some(\"null\")", "env APP_SHOP__REGION";
        an_optional_number:       env("APP_SHOP__WORKERS", "4")         => "workers", "Some(4)", "env APP_SHOP__WORKERS";
        an_absent_option:         nothing()                             => "workers", "None", "nowhere";
        a_secret_of_digits:       env("APP_SHOP__API_KEY", "0123")      => "api_key", "\"0123\"", "env APP_SHOP__API_KEY";
        a_number:                 env("APP_SHOP__PORT", "8080")         => "port", "8080", "env APP_SHOP__PORT";
        a_number_of_a_file:       toml("port = 8_080")                  => "port", "8080", "config/app.toml:3";
        a_hexadecimal_number:     toml("port = 0x10")                   => "port", "16", "config/app.toml:3";
        a_number_as_a_text:       toml("port = \"3\"")                  => "port", "3", "config/app.toml:3";
        a_whole_number_for_a_float: env("APP_SHOP__RATE", "2")          => "rate", "2.0", "env APP_SHOP__RATE";
        a_whole_float_of_a_file:  toml("rate = 2")                      => "rate", "2.0", "config/app.toml:3";
        a_switch_true:            env("APP_SHOP__OPEN", "true")         => "open", "true", "env APP_SHOP__OPEN";
        a_switch_in_capitals:     env("APP_SHOP__OPEN", "FALSE")        => "open", "false", "env APP_SHOP__OPEN";
        a_switch_one:             env("APP_SHOP__OPEN", "1")            => "open", "true", "env APP_SHOP__OPEN";
        a_switch_off:             env("APP_SHOP__OPEN", "off")          => "open", "false", "env APP_SHOP__OPEN";
        a_switch_yes:             env("APP_SHOP__OPEN", "yes")          => "open", "true", "env APP_SHOP__OPEN";
        a_duration:               env("APP_SHOP__HOLD", "1h30m")        => "hold", "5400s", "env APP_SHOP__HOLD";
        a_duration_of_a_file:     toml("hold = \"250ms\"")              => "hold", "250ms", "config/app.toml:3";
        a_size:                   env("APP_SHOP__UPLOAD", "10MB")       => "upload", "10000000", "env APP_SHOP__UPLOAD";
        a_size_in_powers_of_two:  env("APP_SHOP__UPLOAD", "64KiB")      => "upload", "65536", "env APP_SHOP__UPLOAD";
        a_size_in_bytes:          env("APP_SHOP__UPLOAD", "512B")       => "upload", "512", "env APP_SHOP__UPLOAD";
        an_enum:                  env("APP_SHOP__MODE", "by-invitation") => "mode", "ByInvitation", "env APP_SHOP__MODE";
        an_enum_with_a_capital:   env("APP_SHOP__MODE", "Open")         => "mode", "Open", "env APP_SHOP__MODE";
        a_list_of_texts:          env("APP_SHOP__PAYMENTS", "a, b,c")   => "payments", "[\"a\", \"b\", \"c\"]", "env APP_SHOP__PAYMENTS";
        a_list_of_nothing:        env("APP_SHOP__PAYMENTS", "")         => "payments", "[]", "env APP_SHOP__PAYMENTS";
        a_list_of_numbers:        env("APP_SHOP__SIZES", "1,2,3")       => "sizes", "[1, 2, 3]", "env APP_SHOP__SIZES";
        a_list_of_a_file:         toml("sizes = [1, 2]")                => "sizes", "[1, 2]", "config/app.toml:3";
        a_list_by_an_argument:    arg("--shop.sizes=4,5")               => "sizes", "[4, 5]", "argument --shop.sizes";
        a_numbered_list:          env("APP_SHOP__PAYMENTS__0", "a,b").env("APP_SHOP__PAYMENTS__1", "c") => "payments", "[\"a,b\", \"c\"]", "env APP_SHOP__PAYMENTS__0";
        a_map:                    env("APP_SHOP__LABELS__TEAM", "blue") => "labels.team", "Some(\"blue\")", "env APP_SHOP__LABELS__TEAM";
        a_struct_in_a_struct:     env("APP_SHOP__DELIVERY__RADIUS", "7") => "delivery.radius", "7", "env APP_SHOP__DELIVERY__RADIUS";
        a_renamed_field:          toml("[shop.delivery]\ncarrier-name = \"dhl\"") => "delivery.carrier-name", "Some(\"dhl\")", "config/app.toml:4";
        a_renamed_field_by_a_variable: env("APP_SHOP__DELIVERY__CARRIER_NAME", "dhl") => "delivery.carrier-name", "Some(\"dhl\")", "env APP_SHOP__DELIVERY__CARRIER_NAME";
        a_renamed_field_without_its_dash: env("APP_SHOP__DELIVERY__CARRIERNAME", "dhl") => "delivery.carrier-name", "Some(\"dhl\")", "env APP_SHOP__DELIVERY__CARRIERNAME";
    }
}

/// Placeholders, and files of secrets.
mod sources {
    use super::*;

    values! {
        a_placeholder:              toml("currency = \"${C}\"").env("C", "CHF")     => "currency", "\"CHF\"", "config/app.toml:3";
        a_placeholder_from_dotenv:  toml("currency = \"${C}\"").file(".env", "C=SEK\n") => "currency", "\"SEK\"", "config/app.toml:3";
        a_placeholder_with_a_default: toml("port = \"${P:-77}\"")                   => "port", "77", "config/app.toml:3";
        a_placeholder_set_to_nothing: toml("currency = \"${C:-x}\"").env("C", "")   => "currency", "\"x\"", "config/app.toml:3";
        a_placeholder_in_a_text:    toml("region = \"eu-${Z}-${Z}\"").env("Z", "1") => "region", "Some(\"eu-1-1\")", "config/app.toml:3";
        a_literal_placeholder:      toml("currency = \"$${C}\"")                    => "currency", "\"${C}\"", "config/app.toml:3";
        a_placeholder_that_nobody_needs: toml("currency = \"${C}\"").env("APP_SHOP__CURRENCY", "NOK") => "currency", "\"NOK\"", "env APP_SHOP__CURRENCY";
        a_value_is_no_structure:    toml("currency = \"${C}\"").env("C", "x\"\nport = 9") => "currency", "\"x\\\"\\nport = 9\"", "config/app.toml:3";
        a_secret_file_with_underscores: secret("shop__api_key", "s\n")              => "api_key", "\"s\"", "secret <dir>/secrets/shop__api_key";
        a_secret_file_with_dots:    secret("shop.api_key", "s")                     => "api_key", "\"s\"", "secret <dir>/secrets/shop.api_key";
        a_secret_file_without_its_dash: secret("shop__apikey", "s")                 => "api_key", "\"s\"", "secret <dir>/secrets/shop__apikey";
        one_newline_is_cut:         secret("shop__api_key", "s\n\n")                => "api_key", "\"s\\n\"", "secret <dir>/secrets/shop__api_key";
        a_secret_file_of_somebody_else: secret("api_key", "s")                      => "api_key", "\"none\"", "default";
    }
}

/// What the report says.
mod reporting {
    use super::*;

    problems! {
        too_large:      toml("port = 70000") => "shop.port: expected a number from 0 to 65535, found 70000", "set in config/app.toml:3";
        negative:       toml("port = -1")    => "shop.port: expected a number from 0 to 65535, found -1", "set in config/app.toml:3";
        broken:         toml("port = 1.5")   => "shop.port: expected a number from 0 to 65535, found 1.5", "set in config/app.toml:3";
        a_list_for_a_number: toml("port = [1]") => "shop.port: expected a number from 0 to 65535, found a list", "set in config/app.toml:3";
        a_section_for_a_number: toml("port = {}") => "shop.port: expected a number from 0 to 65535, found a section", "set in config/app.toml:3";
        no_number:      env("APP_SHOP__PORT", "80a") => "shop.port: expected a number from 0 to 65535, found \"80a\"", "set by the environment variable APP_SHOP__PORT";
        no_float:       toml("rate = \"fast\"") => "shop.rate: expected a number, found \"fast\"", "set in config/app.toml:3";
        no_switch:      arg("--shop.open=maybe") => "shop.open: expected true or false, found \"maybe\"", "set by the argument --shop.open";
        no_text:        toml("currency = true") => "shop.currency: expected a text, found true", "set in config/app.toml:3";
        no_unit:        toml("hold = 30") => "shop.hold: expected a duration with its unit, such as 250ms, 30s, 5m or 1h30m, found 30", "set in config/app.toml:3";
        no_size:        toml("upload = \"10 apples\"") => "shop.upload: expected a size with its unit, such as 512B, 64KiB or 10MB, found \"10 apples\"", "set in config/app.toml:3";
        no_variant:     toml("mode = \"opne\"") => "shop.mode: expected one of open, by-invitation, found \"opne\"", "set in config/app.toml:3", "help: did you mean `open`?";
        no_list:        toml("payments = 3") => "shop.payments: expected a list, found 3", "set in config/app.toml:3";
        a_gap_in_a_numbered_list: env("APP_SHOP__PAYMENTS__1", "c") => "shop.payments: expected a list, found a section", "set by the environment variable APP_SHOP__PAYMENTS__1";
        no_section:     toml("delivery = 3") => "shop.delivery: expected a section, found 3", "set in config/app.toml:3";
        one_item_of_a_variable: env("APP_SHOP__SIZES", "1,x") => "shop.sizes.1: expected a number from 0 to 4294967295, found \"x\"", "set by the environment variable APP_SHOP__SIZES";
        one_item_of_a_list: toml("sizes = [1, \"x\"]") => "shop.sizes.1: expected a number from 0 to 4294967295, found \"x\"", "set in config/app.toml:3";
        below_a_section: toml("[shop.delivery]\nradius = \"far\"") => "shop.delivery.radius: expected a number from 0 to 4294967295, found \"far\"", "set in config/app.toml:4";
        in_dotenv:      nothing().file(".env", "\nAPP_SHOP__PORT=x\n") => "shop.port: expected a number from 0 to 65535, found \"x\"", "set in .env:2";
        in_a_secret_file: secret("shop__port", "x") => "shop.port: expected a number from 0 to 65535, found \"x\"", "set by the secret file <dir>/secrets/shop__port";
        a_secret_is_not_quoted: toml("api_key = [\"canary\"]") => "shop.api_key: expected a text, found a value that is not shown here", "set in config/app.toml:3";
        unknown_and_near: toml("prot = 1") => "shop.prot: unknown key, did you mean `port`?", "set in config/app.toml:3";
        unknown_and_far: toml("xyzzy = 1") => "shop.xyzzy: unknown key", "set in config/app.toml:3";
        unknown_below_a_section: toml("[shop.delivery]\nradios = 1") => "shop.delivery.radios: unknown key, did you mean `radius`?", "set in config/app.toml:4";
        unknown_in_an_argument: arg("--shop.prot=1") => "shop.prot: unknown key, did you mean `port`?", "set by the argument --shop.prot";
        missing:        World::new() => "shop.labels: required, and not set", "needed by `Shop` (src/main.rs:7)", "help: set APP_SHOP__LABELS, or `labels` under [shop] in config/app.toml, or pass --shop.labels=…";
        placeholder_unset: toml("region = \"${REGION}\"") => "shop.region: ${REGION} is not set, and has no default", "set in config/app.toml:3", "help: set REGION, or write ${REGION:-a default}";
        placeholder_incomplete: toml("region = \"${REGION\"") => "shop.region: the placeholder is not complete", "set in config/app.toml:3", "help: write ${NAME} or ${NAME:-default}; $${ is a literal ${";
        an_argument_without_a_value: arg("--server.port") => "--server.port: needs a value", "help: write --server.port=VALUE";
        set_without_a_pair: arg("--set") => "--set: needs a value after it";
        set_without_a_key: arg("--set=port") => "--set: expected KEY=VALUE with a dotted key", "help: write --set server.port=9090";
        an_unknown_profile: nothing().file("config/app.staging.toml", "").env("APP_ENV", "stagging") => "profile: there is no profile `stagging`, did you mean `staging`?", "set by the environment variable APP_ENV", "help: the profiles that exist are dev, prod, staging, test; a file config/app.stagging.toml makes another";
    }
}
