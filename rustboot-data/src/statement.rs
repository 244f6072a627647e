//! What the text of a statement tells without parsing it: its operation for the metrics, whether it writes, and whether it
//! may leave a transaction open that sqlx does not know of.
//!
//! It looks at the first keyword and for semicolons. A wrong guess costs time, never correctness: a writer that is not
//! recognised waits in the database instead of before it, a connection that is doubted for nothing is looked at once.

macro_rules! operations {
    ($($variant:ident = $name:literal,)*) => {
        /// What a statement does: the value of the label `db_operation_name`. A fixed list, so that no text of a user can
        /// make a new time series.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Operation { $($variant,)* Other }

        impl Operation {
            /// All of them, in the order of their discriminants.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)* Self::Other];

            /// The keyword.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* Self::Other => "OTHER" }
            }

            fn of(keyword: &[u8]) -> Self {
                $(if keyword == $name.as_bytes() {
                    return Self::$variant;
                })*
                Self::Other
            }
        }
    };
}

operations! {
    Select = "SELECT",
    Insert = "INSERT",
    Update = "UPDATE",
    Delete = "DELETE",
    Replace = "REPLACE",
    Merge = "MERGE",
    With = "WITH",
    Values = "VALUES",
    Begin = "BEGIN",
    Start = "START",
    Commit = "COMMIT",
    End = "END",
    Rollback = "ROLLBACK",
    Savepoint = "SAVEPOINT",
    Release = "RELEASE",
    Create = "CREATE",
    Alter = "ALTER",
    Drop = "DROP",
    Truncate = "TRUNCATE",
    Pragma = "PRAGMA",
    Set = "SET",
    Show = "SHOW",
    Explain = "EXPLAIN",
    Analyze = "ANALYZE",
    Vacuum = "VACUUM",
    Reindex = "REINDEX",
    Copy = "COPY",
    Call = "CALL",
    Lock = "LOCK",
    Listen = "LISTEN",
    Notify = "NOTIFY",
}

/// What is known of a statement before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) operation: Operation,
    /// Whether it is going to take the write lock.
    pub(crate) writes: bool,
    /// Whether it may leave a transaction open without sqlx counting it: `BEGIN` as plain SQL, or several statements.
    pub(crate) doubtful: bool,
}

impl Shape {
    /// Looks at a statement.
    pub(crate) fn of(sql: &str) -> Self {
        use Operation as O;
        let sql = after_comments(sql);
        // One longer than the longest keyword, so that a longer word is none of them.
        let mut keyword = [0_u8; 10];
        let length = sql
            .bytes()
            .take_while(u8::is_ascii_alphabetic)
            .take(keyword.len())
            .zip(&mut keyword)
            .map(|(byte, slot)| *slot = byte.to_ascii_uppercase())
            .count();
        let operation = O::of(&keyword[..length]);
        let writes = match operation {
            O::Insert
            | O::Update
            | O::Delete
            | O::Replace
            | O::Merge
            | O::Create
            | O::Alter
            | O::Drop
            | O::Truncate
            | O::Analyze
            | O::Vacuum
            | O::Reindex => true,
            O::With => mentions_a_write(sql),
            _ => false,
        };
        let controls = matches!(
            operation,
            O::Begin
                | O::Start
                | O::Commit
                | O::End
                | O::Rollback
                | O::Savepoint
                | O::Release
                // Its notifications would come to whoever is next.
                | O::Listen
        );
        // Most have none, and that is found out by words.
        let several =
            sql.as_bytes().contains(&b';') && sql.trim_end().trim_end_matches(';').contains(';');
        Self {
            operation,
            writes,
            doubtful: controls || several,
        }
    }
}

/// The text from the first word on.
fn after_comments(sql: &str) -> &str {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ';'));
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else {
            return rest;
        }
    }
}

fn mentions_a_write(sql: &str) -> bool {
    sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| {
            ["INSERT", "UPDATE", "DELETE", "REPLACE"]
                .iter()
                .any(|write| word.eq_ignore_ascii_case(write))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_keyword_decides() {
        for (sql, operation, writes, doubtful) in [
            ("SELECT 1", Operation::Select, false, false),
            ("  select * from t; ", Operation::Select, false, false),
            (
                "-- note\n/* more */ (select 1)",
                Operation::Select,
                false,
                false,
            ),
            ("insert into t values (1)", Operation::Insert, true, false),
            (
                "WITH a AS (SELECT 1) SELECT * FROM a",
                Operation::With,
                false,
                false,
            ),
            (
                "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
                Operation::With,
                true,
                false,
            ),
            ("BEGIN", Operation::Begin, false, true),
            ("SELECT 1; BEGIN", Operation::Select, false, true),
            ("selection of things", Operation::Other, false, false),
            ("savepoints", Operation::Other, false, false),
            ("", Operation::Other, false, false),
            ("-- only a comment", Operation::Other, false, false),
            ("ŝelect", Operation::Other, false, false),
        ] {
            let expected = Shape {
                operation,
                writes,
                doubtful,
            };
            assert_eq!(Shape::of(sql), expected, "{sql}");
        }
    }

    #[test]
    fn the_place_in_the_list_is_the_discriminant() {
        for (index, operation) in Operation::ALL.iter().enumerate() {
            assert_eq!(*operation as usize, index);
        }
    }
}
