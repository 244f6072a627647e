//! Whether a run that is due may begin.

use super::Overlap;

/// What to do with a run that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Begin.
    Begin,
    /// It begins when another one ends.
    Wait,
    /// There is no room for it.
    Skip,
}

/// The runs of one task that are under way.
#[derive(Debug)]
pub(super) struct Slots {
    overlap: Overlap,
    running: u32,
    waiting: bool,
}

impl Slots {
    pub(super) fn new(overlap: Overlap) -> Self {
        Self {
            overlap,
            running: 0,
            waiting: false,
        }
    }

    /// A run is due.
    pub(super) fn due(&mut self) -> Verdict {
        let room = match self.overlap {
            Overlap::Skip | Overlap::Queue => 1,
            Overlap::Allow { max_concurrent } => max_concurrent.max(1),
        };
        if self.running < room {
            self.running += 1;
            return Verdict::Begin;
        }
        if self.overlap == Overlap::Queue && !self.waiting {
            self.waiting = true;
            return Verdict::Wait;
        }
        Verdict::Skip
    }

    /// A run ended. Says whether the one that waited begins now.
    pub(super) fn ended(&mut self) -> bool {
        let begins = std::mem::take(&mut self.waiting);
        if !begins {
            self.running = self.running.saturating_sub(1);
        }
        begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let mut slots = Slots::new(Overlap::Skip);
        assert_eq!(slots.due(), Verdict::Begin);
        assert_eq!(slots.due(), Verdict::Skip);
        assert!(!slots.ended());
        assert_eq!(slots.due(), Verdict::Begin);
    }

    #[test]
    fn one_waits() {
        let mut slots = Slots::new(Overlap::Queue);
        assert_eq!(slots.due(), Verdict::Begin);
        assert_eq!(slots.due(), Verdict::Wait);
        assert_eq!(slots.due(), Verdict::Skip);
        assert!(slots.ended());
        assert_eq!(slots.due(), Verdict::Wait);
        assert!(slots.ended());
        assert!(!slots.ended());
        assert_eq!(slots.due(), Verdict::Begin);
    }

    #[test]
    fn some_side_by_side() {
        let mut slots = Slots::new(Overlap::Allow { max_concurrent: 2 });
        assert_eq!(slots.due(), Verdict::Begin);
        assert_eq!(slots.due(), Verdict::Begin);
        assert_eq!(slots.due(), Verdict::Skip);
        assert!(!slots.ended());
        assert_eq!(slots.due(), Verdict::Begin);
        assert_eq!(
            Slots::new(Overlap::Allow { max_concurrent: 0 }).due(),
            Verdict::Begin
        );
    }
}
