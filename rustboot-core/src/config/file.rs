//! `config/app.toml` and its profile variants, with the line of every key.

use std::path::Path;

use figment::value::{Dict, Num, Tag, Value};
use toml::de::{DeTable, DeValue};

use super::Origin;
use super::layer::{Layer, join};
use crate::report::Problem;

/// Reads a file. `None` when there is none; what cannot be read or parsed is a problem, never an empty layer.
pub(crate) fn read(path: &Path, shown: &str, problems: &mut Vec<Problem>) -> Option<Layer> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            problems.push(Problem::new(shown, format!("cannot be read: {error}")));
            return None;
        }
    };
    parse(&text, shown, problems)
}

fn parse(text: &str, shown: &str, problems: &mut Vec<Problem>) -> Option<Layer> {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            let line = error.span().map_or(1, |span| lines.at(span.start));
            let message = error.message().trim().replace('\n', ", ");
            problems.push(
                Problem::new(
                    format!("{shown}:{line}"),
                    format!("not valid TOML: {message}"),
                )
                .note(
                    "help: https://toml.io shows the syntax; a text value stands in double quotes",
                ),
            );
        }
        return None;
    }
    let mut layer = Layer::new(
        shown,
        Origin::File {
            path: shown.to_owned(),
            line: None,
        },
    );
    layer.placeholders = true;
    let dict = table_to_dict(table.get_ref(), "", &lines, shown, &mut layer, problems);
    layer.fill(dict);
    Some(layer)
}

fn table_to_dict(
    table: &DeTable<'_>,
    prefix: &str,
    lines: &Lines,
    shown: &str,
    layer: &mut Layer,
    problems: &mut Vec<Problem>,
) -> Dict {
    let mut dict = Dict::new();
    for (name, value) in table {
        let key = join(prefix, name.get_ref());
        let line = lines.at(name.span().start);
        layer.place(
            key.clone(),
            Origin::File {
                path: shown.to_owned(),
                line: Some(line),
            },
        );
        let value = match value.get_ref() {
            DeValue::Table(table) => Value::Dict(
                Tag::Default,
                table_to_dict(table, &key, lines, shown, layer, problems),
            ),
            other => scalar_or_list(other, &key, line, lines, shown, layer, problems),
        };
        dict.insert(name.get_ref().to_string(), value);
    }
    dict
}

fn scalar_or_list(
    value: &DeValue<'_>,
    key: &str,
    line: u32,
    lines: &Lines,
    shown: &str,
    layer: &mut Layer,
    problems: &mut Vec<Problem>,
) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(value) => Value::from(*value),
        DeValue::Integer(integer) => {
            match i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()) {
                Ok(number) => Value::from(number),
                Err(_) => {
                    problems.push(Problem::new(
                        format!("{shown}:{line}"),
                        format!("{key}: the number does not fit into 64 bits"),
                    ));
                    Value::Num(Tag::Default, Num::I64(0))
                }
            }
        }
        DeValue::Float(float) => Value::from(
            float
                .as_str()
                .replace('_', "")
                .parse::<f64>()
                .unwrap_or(f64::NAN),
        ),
        DeValue::Datetime(datetime) => Value::from(datetime.to_string()),
        DeValue::Array(items) => Value::from(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    let key = join(key, &index.to_string());
                    let line = lines.at(item.span().start);
                    match item.get_ref() {
                        DeValue::Table(table) => Value::Dict(
                            Tag::Default,
                            table_to_dict(table, &key, lines, shown, layer, problems),
                        ),
                        other => scalar_or_list(other, &key, line, lines, shown, layer, problems),
                    }
                })
                .collect::<Vec<_>>(),
        ),
        DeValue::Table(table) => Value::Dict(
            Tag::Default,
            table_to_dict(table, key, lines, shown, layer, problems),
        ),
    }
}

/// Byte offsets to lines.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(offset, _)| offset).collect())
    }

    fn at(&self, offset: usize) -> u32 {
        let before = self.0.partition_point(|newline| *newline < offset);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }
}
