//! Counts instead of measuring time: instructions, allocations and system calls of a request, in each application, as
//! ratios to bare axum. The script `benches/count` builds and runs it.
//!
//! The server runs inside callgrind and the client outside of it. Between two calls of a function of the server that does
//! nothing, callgrind counts; so starting, stopping and warming up are left out, and no difference has to be taken.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustboot_benches::budget::Budget;
use rustboot_benches::callgrind::Totals;
use rustboot_benches::client::Client;
use rustboot_benches::endpoint::Endpoint;
use rustboot_benches::far_away::far_away;
use rustboot_benches::payload::USERS;
use rustboot_benches::server::{PHASE_FUNCTION, Server};
use rustboot_benches::table::{Cost, Table};
use rustboot_benches::variant::Variant;
use rustboot_servers::Postgres;

/// Until buffers, handles and the date have settled.
const WARM_UP: u64 = 400;
/// Of one phase.
const REQUESTS: u64 = 1_000;
/// The median of so many phases counts, so that what happens every few seconds does not.
const PHASES: usize = 3;

const BUDGET: &str = include_str!("../../budget.toml");

const USAGE: &str = "usage: count [--check | --budget | ENDPOINT]
  --check   exit 1 when a ratio is above its budget
  --budget  print a budget that holds what was counted just now
  ENDPOINT  count only that one: text, json, path, echo or row";

/// The exit code when nothing could be counted.
const COUNTED_NOTHING: u8 = 2;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            // Nobody to tell it to.
            writeln!(io::stderr(), "count: {error}").ok();
            ExitCode::from(COUNTED_NOTHING)
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode, Failure> {
    let wanted: Vec<Endpoint> = match arguments {
        [] | ["--check"] | ["--budget"] => Endpoint::ALL.into(),
        [name] => vec![Endpoint::from_name(name).ok_or(USAGE)?],
        _ => return Err(USAGE.into()),
    };
    let wanted = |of: &[Endpoint]| -> Vec<Endpoint> {
        of.iter()
            .copied()
            .filter(|it| wanted.contains(it))
            .collect()
    };
    let budget = Budget::parse(BUDGET)?;
    let count_itself = std::env::current_exe()?;
    let folder = folder_for_dumps(&count_itself)?;
    let program = |name: &str| count_itself.with_file_name(name).into_os_string();
    let mut table = Table::default();
    let endpoints = wanted(&Endpoint::WITHOUT_DATABASE);
    for variant in Variant::ALL.into_iter().filter(|_| !endpoints.is_empty()) {
        let serve = [program("serve"), variant.name().into()];
        let dumps = Dumps::new(&folder, variant, "");
        let start = count(&serve, &dumps, &endpoints, &mut table)?;
        table.starts.insert(variant, start.instructions);
    }
    let endpoints = wanted(&[Endpoint::Row]);
    if !endpoints.is_empty() {
        let postgres = Postgres::start()?;
        let url = with_users(&postgres)?;
        for variant in [Variant::Axum, Variant::Rustboot] {
            let rows = [program("rows"), variant.name().into(), url.clone().into()];
            let dumps = Dumps::new(&folder, variant, "-with-rows");
            count(&rows, &dumps, &endpoints, &mut table)?;
        }
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{table}")?;
    if arguments == ["--budget"] {
        write!(out, "{}", Budget::to_hold(&table))?;
    }
    if arguments != ["--check"] {
        return Ok(ExitCode::SUCCESS);
    }
    let exceeded = budget.exceeded_by(&table);
    for sentence in &exceeded {
        writeln!(out, "{sentence}")?;
    }
    Ok(ExitCode::from(u8::from(!exceeded.is_empty())))
}

/// Makes the table, and returns the URL to reach it by.
fn with_users(postgres: &Postgres) -> Result<String, Failure> {
    let url = postgres.create_database("rows")?;
    postgres.execute_in("rows", USERS)?;
    let port = postgres.port().ok_or("PostgreSQL has no port")?;
    let far = far_away(port)?.port();
    Ok(url.replace(&format!(":{port}/"), &format!(":{far}/")))
}

/// `target/count`, beside the profile's own folder.
fn folder_for_dumps(count_itself: &Path) -> io::Result<PathBuf> {
    let target = count_itself.ancestors().nth(2).unwrap_or(Path::new("."));
    let folder = target.join("count");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Counts what a program needs for a request to each endpoint. Returns what it needed to start.
fn count(
    program: &[OsString],
    dumps: &Dumps,
    endpoints: &[Endpoint],
    table: &mut Table,
) -> Result<Totals, Failure> {
    let command_line = [&dumps.valgrind()[..], program].concat();
    let mut server = Server::start(&command_line).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "valgrind is not installed, or the program is not built".into(),
        _ => Failure::from(error),
    })?;
    let mut ended = 0;
    let mut end_phase = |server: &mut Server| -> io::Result<PathBuf> {
        server.end_phase()?;
        ended += 1;
        Ok(dumps.part(ended))
    };
    let start = totals(&take(end_phase(&mut server)?)?)?;
    for endpoint in endpoints.iter().copied() {
        let mut client = Client::connect(server.address(), endpoint)?;
        client.exchange_times(WARM_UP)?;
        std::fs::remove_file(end_phase(&mut server)?)?;
        let mut phases = Vec::with_capacity(PHASES);
        for _ in 0..PHASES {
            client.exchange_times(REQUESTS)?;
            let dump = take(end_phase(&mut server)?)?;
            phases.push((totals(&dump)?, dump));
        }
        phases.sort_by_key(|(totals, _)| totals.instructions);
        let (totals, dump) = phases.swap_remove(PHASES / 2);
        dumps.keep(endpoint, &dump)?;
        let cost = Cost::per_request(totals, REQUESTS);
        table.requests.insert((endpoint, dumps.variant), cost);
    }
    server.stop()?;
    std::fs::remove_file(&dumps.base)?;
    Ok(start)
}

/// What is in a file that nobody needs after that.
fn take(part: PathBuf) -> io::Result<String> {
    let dump = std::fs::read_to_string(&part)?;
    std::fs::remove_file(part)?;
    Ok(dump)
}

fn totals(dump: &str) -> Result<Totals, Failure> {
    Totals::parse(dump).ok_or_else(|| "callgrind wrote no totals".into())
}

/// The files that callgrind writes for one application.
struct Dumps {
    base: PathBuf,
    variant: Variant,
}

impl Dumps {
    fn new(folder: &Path, variant: Variant, what: &str) -> Self {
        Self {
            base: folder.join(format!("{variant}{what}")),
            variant,
        }
    }

    /// The command line up to the program.
    fn valgrind(&self) -> [OsString; 6] {
        let with_path = |option: &str, path: &Path| {
            let mut option = OsString::from(option);
            option.push(path);
            option
        };
        [
            "valgrind".into(),
            "--tool=callgrind".into(),
            // Their number is what is wanted.
            "--collect-systime=yes".into(),
            format!("--dump-before=*{PHASE_FUNCTION}*").into(),
            with_path("--callgrind-out-file=", &self.base),
            with_path("--log-file=", &self.base.with_extension("log")),
        ]
    }

    fn part(&self, number: usize) -> PathBuf {
        self.base.with_extension(number.to_string())
    }

    /// Keeps a dump for reading. A function that was entered before the phase and left after it has no call in it, and
    /// `callgrind_annotate` takes what it called for its own work, unless there is one.
    fn keep(&self, endpoint: Endpoint, dump: &str) -> io::Result<()> {
        let name = format!("{}-{endpoint}.callgrind", self.variant);
        std::fs::write(
            self.base.with_file_name(name),
            dump.replace("\ncalls=0 ", "\ncalls=1 "),
        )
    }
}
