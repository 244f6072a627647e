//! Everything that is wrong before the application starts, in one go.

use std::fmt;

/// One problem: a key or a thing, a sentence, and lines that say where it came from and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it is about: a configuration key, a file with its line, a component.
    pub subject: String,
    /// What is wrong.
    pub message: String,
    /// "set in …", "needed by …", "help: …".
    pub notes: Vec<String>,
}

impl Problem {
    /// A problem without notes.
    pub fn new(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            message: message.into(),
            notes: Vec::new(),
        }
    }

    /// Adds a line below it.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// All problems that were found, by what they are about. Empty means that the application may start.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Values that are wrong, missing or unknown.
    pub configuration: Vec<Problem>,
    /// Components, handlers, hooks and tasks that do not fit together; routes that collide.
    pub wiring: Vec<Problem>,
}

impl Report {
    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.configuration.is_empty() && self.wiring.is_empty()
    }

    pub(crate) fn sort(&mut self) {
        for problems in [&mut self.configuration, &mut self.wiring] {
            problems.sort_by(|a, b| (&a.subject, &a.message).cmp(&(&b.subject, &b.message)));
            problems.dedup();
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (what, problems) in [
            ("configuration", &self.configuration),
            ("wiring", &self.wiring),
        ] {
            if problems.is_empty() {
                continue;
            }
            if !first {
                writeln!(f)?;
            }
            first = false;
            let s = if problems.len() == 1 { "" } else { "s" };
            writeln!(f, "error: the {what} has {} problem{s}\n", problems.len())?;
            for (index, problem) in problems.iter().enumerate() {
                writeln!(
                    f,
                    "  {}. {}: {}",
                    index + 1,
                    problem.subject,
                    problem.message
                )?;
                for note in &problem.notes {
                    writeln!(f, "     {note}")?;
                }
            }
        }
        Ok(())
    }
}
