//! The limits of Rust's integers, which schemars says as a format only.

use serde_json::{Value, json};

/// Adds `minimum` and `maximum` wherever a format implies them and none are there.
pub(super) fn add(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let limits = match members.get("format").and_then(Value::as_str) {
                Some("int8") => Some((json!(i8::MIN), json!(i8::MAX))),
                Some("int16") => Some((json!(i16::MIN), json!(i16::MAX))),
                Some("int32") => Some((json!(i32::MIN), json!(i32::MAX))),
                Some("int64" | "int") => Some((json!(i64::MIN), json!(i64::MAX))),
                Some("uint8") => Some((json!(0), json!(u8::MAX))),
                Some("uint16") => Some((json!(0), json!(u16::MAX))),
                Some("uint32") => Some((json!(0), json!(u32::MAX))),
                Some("uint64" | "uint") => Some((json!(0), json!(u64::MAX))),
                _ => None,
            };
            if let Some((minimum, maximum)) = limits {
                members.entry("minimum").or_insert(minimum);
                members.entry("maximum").or_insert(maximum);
            }
            members.values_mut().for_each(add);
        }
        Value::Array(items) => items.iter_mut().for_each(add),
        _ => {}
    }
}
