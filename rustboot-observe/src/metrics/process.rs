//! The process's own figures, from `/proc`, at each scrape. On systems without it there are none.

use std::fs;
use std::sync::OnceLock;

use super::exposition::Exposition;
use super::names;

/// Appends the `process_*` families. What cannot be read is left out.
pub(super) fn render(out: &mut Exposition<'_>) {
    if let Some(stat) = read("/proc/self/stat").as_deref().and_then(Stat::parse) {
        let ticks = ticks_per_second();
        out.single(names::PROCESS_CPU_SECONDS, stat.cpu_ticks as f64 / ticks);
        out.single(names::PROCESS_THREADS, stat.threads);
        out.single(names::PROCESS_VIRTUAL_MEMORY, stat.virtual_bytes);
        if let Some(boot) = boot_time() {
            out.single(
                names::PROCESS_START_TIME,
                boot as f64 + stat.start_ticks as f64 / ticks,
            );
        }
    }
    if let Some(bytes) = read("/proc/self/status")
        .as_deref()
        .and_then(resident_bytes)
    {
        out.single(names::PROCESS_RESIDENT_MEMORY, bytes);
    }
    if let Ok(entries) = fs::read_dir("/proc/self/fd") {
        // The directory itself is open while it is read.
        out.single(names::PROCESS_OPEN_FDS, entries.count().saturating_sub(1));
    }
    if let Some(limit) = read("/proc/self/limits").as_deref().and_then(max_fds) {
        out.single(names::PROCESS_MAX_FDS, limit);
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// What is used of `/proc/self/stat`.
#[derive(Debug, PartialEq)]
struct Stat {
    cpu_ticks: u64,
    threads: u64,
    start_ticks: u64,
    virtual_bytes: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The second field is the program's name, in parentheses, and may have spaces and parentheses in it.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // The manual counts from 1, and two fields are gone.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)? + field(15)?,
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
        })
    }
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The soft limit. `None` also where it is `unlimited`.
fn max_fds(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// When the machine started, in seconds since 1970. Read once: the file has a line per CPU and a number per interrupt.
fn boot_time() -> Option<u64> {
    static BOOT: OnceLock<Option<u64>> = OnceLock::new();
    *BOOT.get_or_init(|| {
        let stat = read("/proc/stat")?;
        stat.lines()
            .find_map(|line| line.strip_prefix("btime "))?
            .trim()
            .parse()
            .ok()
    })
}

/// Clock ticks per second, in which the kernel gives times.
fn ticks_per_second() -> f64 {
    static TICKS: OnceLock<u32> = OnceLock::new();
    let ticks = TICKS.get_or_init(|| {
        let told = fs::read("/proc/self/auxv")
            .ok()
            .as_deref()
            .and_then(clock_ticks);
        // USER_HZ is part of the kernel's interface, and 100 on every architecture that Rust supports.
        told.unwrap_or(100)
    });
    f64::from(*ticks)
}

/// `AT_CLKTCK` of the auxiliary vector that the kernel hands to each program: what `sysconf` answers with as well.
fn clock_ticks(vector: &[u8]) -> Option<u32> {
    const AT_CLKTCK: usize = 17;
    let words: Vec<usize> = vector
        .chunks_exact(size_of::<usize>())
        .filter_map(|word| Some(usize::from_ne_bytes(word.try_into().ok()?)))
        .collect();
    let pair = words.chunks_exact(2).find(|pair| pair[0] == AT_CLKTCK)?;
    u32::try_from(pair[1]).ok().filter(|ticks| *ticks > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_program_name_does_not_shift_the_fields() {
        let text = "1 (a) b (c) S 0 1 1 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 7 0 5000 8192 33";
        let expected = Stat {
            cpu_ticks: 200,
            threads: 7,
            start_ticks: 5000,
            virtual_bytes: 8192,
        };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("1 (short) S 0"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn reads_what_the_kernel_writes() {
        assert_eq!(
            resident_bytes("Name:\tx\nVmRSS:\t    1234 kB\n"),
            Some(1234 * 1024)
        );
        assert_eq!(resident_bytes("Name:\tx\n"), None);
        let limits =
            "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024   4096   files\n";
        assert_eq!(max_fds(limits), Some(1024));
        assert_eq!(max_fds("Max open files  unlimited  unlimited  files"), None);
    }

    #[test]
    fn clock_ticks_come_from_the_auxiliary_vector() {
        let vector: Vec<u8> = [6_usize, 4096, 17, 250, 0, 0]
            .iter()
            .flat_map(|w| w.to_ne_bytes())
            .collect();
        assert_eq!(clock_ticks(&vector), Some(250));
        assert_eq!(clock_ticks(&vector[..20]), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_figures() {
        let mut text = String::new();
        render(&mut Exposition::append_to(&mut text));
        let value = |name: &str| -> f64 {
            let line = text
                .lines()
                .find(|line| line.starts_with(&format!("{name} ")));
            line.unwrap_or_else(|| panic!("{name} is missing"))
                .rsplit_once(' ')
                .unwrap()
                .1
                .parse()
                .unwrap()
        };
        assert!(value(names::PROCESS_RESIDENT_MEMORY) > 100_000.0);
        assert!(value(names::PROCESS_VIRTUAL_MEMORY) >= value(names::PROCESS_RESIDENT_MEMORY));
        assert!(value(names::PROCESS_OPEN_FDS) >= 3.0);
        assert!(value(names::PROCESS_THREADS) >= 1.0);
        assert!(value(names::PROCESS_CPU_SECONDS) >= 0.0);
        let now = std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap()
            .as_secs_f64();
        let age = now - value(names::PROCESS_START_TIME);
        assert!((-2.0..3600.0).contains(&age), "started {age} s ago");
    }
}
