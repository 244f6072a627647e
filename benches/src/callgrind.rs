//! Reads what callgrind writes: instructions, system calls, and how often the allocator was called.
//!
//! Calls of the allocator are edges of the call graph like any other, so that one run counts both, and no allocator of
//! ours stands between the program and the one it runs with.

use std::collections::HashMap;
use std::ops::AddAssign;

/// The functions that hand out memory. `realloc` is counted apart: it may leave the block where it is.
const ALLOCATING: [&str; 5] = [
    "malloc",
    "calloc",
    "aligned_alloc",
    "memalign",
    "posix_memalign",
];
const REALLOCATING: &str = "realloc";

/// What a phase took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Instructions in user space, all threads.
    pub instructions: u64,
    /// Blocks asked of the allocator.
    pub allocations: u64,
    /// Blocks whose size was changed.
    pub reallocations: u64,
    /// Calls of the operating system, all threads.
    pub system_calls: u64,
}

impl Totals {
    /// Reads one dump. `None` when it has no total, and so is not whole.
    pub fn parse(dump: &str) -> Option<Self> {
        let mut totals = Self::default();
        let mut whole = false;
        // Names are written once, with a number in front, and as the number alone after that.
        let mut names: HashMap<&str, &str> = HashMap::new();
        let mut called = "";
        for line in dump.lines() {
            let Some((key, value)) = line.split_once('=').or_else(|| line.split_once(": ")) else {
                continue;
            };
            match key {
                "fn" | "cfn" => {
                    let (number, name) = value.split_once(' ').unwrap_or((value, ""));
                    if !name.is_empty() {
                        names.insert(number, name);
                    }
                    if key == "cfn" {
                        called = names.get(number).copied().unwrap_or("");
                    }
                }
                "calls" => {
                    let calls: u64 = value.split(' ').next()?.parse().ok()?;
                    if ALLOCATING.contains(&called) {
                        totals.allocations += calls;
                    } else if called == REALLOCATING {
                        totals.reallocations += calls;
                    }
                }
                "totals" => {
                    // With `--collect-systime` there is their time as well.
                    let mut events = value.split_whitespace();
                    totals.instructions = events.next()?.parse().ok()?;
                    totals.system_calls = events.next().unwrap_or("0").parse().ok()?;
                    whole = true;
                }
                _ => {}
            }
        }
        whole.then_some(totals)
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.instructions += other.instructions;
        self.allocations += other.allocations;
        self.reallocations += other.reallocations;
        self.system_calls += other.system_calls;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_behind_compressed_names() {
        let dump = "version: 1\nevents: Ir\nfn=(1) main\n16 400\ncfi=(9) malloc.c\ncfn=(2) malloc\ncalls=3 0\n\
                    16 90\ncfn=(3) realloc\ncalls=2 0\n17 50\n\nfn=(2)\n1 90\ncfn=(4) _int_malloc\ncalls=3 5\n1 9\n\
                    fn=(5) other\ncfn=(2)\ncalls=4 0\n18 7\n\ntotals: 646 5 12\n";
        let totals = Totals {
            instructions: 646,
            allocations: 7,
            reallocations: 2,
            system_calls: 5,
        };
        assert_eq!(Totals::parse(dump), Some(totals));
        assert_eq!(Totals::parse("fn=(1) main\n16 400\n"), None);
    }
}
