//! Removals that Redis has not heard of yet. Until it has, those keys are not asked for there: it may have the old value.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many are remembered one by one. Beyond that, everything is removed.
const MOST: usize = 10_000;

/// What has to be removed. The numbers tell a removal from an earlier one of the same: that Redis heard of that one pays only
/// for that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Debt {
    Keys(HashMap<String, u64>),
    Everything(u64),
}

#[derive(Debug, Default)]
struct Book {
    keys: HashMap<String, u64>,
    everything: Option<u64>,
    last: u64,
}

impl Book {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

#[derive(Default)]
pub(super) struct Owed(Mutex<Book>);

impl Owed {
    /// A key is to be removed. What was returned is paid when Redis has heard of it.
    pub(super) fn key(&self, key: &str) -> Debt {
        let mut book = self.book();
        let number = book.next();
        if book.everything.is_some() || (book.keys.len() >= MOST && !book.keys.contains_key(key)) {
            book.everything = Some(number);
            book.keys.clear();
            return Debt::Everything(number);
        }
        book.keys.insert(key.to_owned(), number);
        Debt::Keys(HashMap::from([(key.to_owned(), number)]))
    }

    /// All keys are.
    pub(super) fn everything(&self) -> Debt {
        let mut book = self.book();
        let number = book.next();
        book.everything = Some(number);
        book.keys.clear();
        Debt::Everything(number)
    }

    /// Whether what Redis has of a key cannot be trusted.
    pub(super) fn concerns(&self, key: &str) -> bool {
        let book = self.book();
        book.everything.is_some() || (!book.keys.is_empty() && book.keys.contains_key(key))
    }

    /// What there is to do; it stays owed until [`Owed::paid`].
    pub(super) fn due(&self, at_once: usize) -> Option<Debt> {
        let book = self.book();
        if let Some(number) = book.everything {
            return Some(Debt::Everything(number));
        }
        let some = || book.keys.iter().take(at_once);
        (!book.keys.is_empty())
            .then(|| Debt::Keys(some().map(|(key, number)| (key.clone(), *number)).collect()))
    }

    /// Redis has heard of it.
    pub(super) fn paid(&self, paid: &Debt) {
        let mut book = self.book();
        match paid {
            Debt::Keys(paid) => {
                for (key, number) in paid {
                    if book.keys.get(key) == Some(number) {
                        book.keys.remove(key);
                    }
                }
            }
            Debt::Everything(number) => {
                book.everything = book.everything.filter(|owed| owed != number);
            }
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Nothing in here can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_not_trusted_until_it_is_paid() {
        let owed = Owed::default();
        assert!(!owed.concerns("a") && owed.due(10).is_none());
        let _owed = owed.key("a");
        let b = owed.key("b");
        assert!(owed.concerns("a") && owed.concerns("b") && !owed.concerns("c"));
        owed.paid(&b);
        assert!(owed.concerns("a") && !owed.concerns("b"));
        owed.paid(&owed.due(10).unwrap());
        assert!(owed.due(10).is_none());
    }

    #[test]
    fn a_later_removal_is_not_paid_by_an_earlier_one() {
        let owed = Owed::default();
        let (first, second) = (owed.key("a"), owed.key("a"));
        owed.paid(&first);
        assert!(owed.concerns("a"));
        owed.paid(&second);
        assert!(!owed.concerns("a"));

        let (first, second) = (owed.everything(), owed.everything());
        owed.paid(&first);
        assert!(owed.concerns("a"));
        let third = owed.key("a");
        owed.paid(&second);
        assert!(owed.concerns("a"));
        owed.paid(&third);
        assert!(!owed.concerns("a"));
    }

    #[test]
    fn more_than_can_be_remembered_is_everything() {
        let owed = Owed::default();
        for n in 0..MOST {
            let _owed = owed.key(&n.to_string());
        }
        let _owed = owed.key("0");
        assert!(!owed.concerns("anything"));
        let debt = owed.key("one more");
        assert!(owed.concerns("anything"));
        assert_eq!(owed.due(1), Some(debt.clone()));
        owed.paid(&Debt::Keys(HashMap::new()));
        assert!(owed.concerns("anything"));
        owed.paid(&debt);
        assert!(!owed.concerns("anything"));
    }
}
