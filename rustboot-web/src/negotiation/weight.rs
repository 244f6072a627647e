//! The weight of an entry in a list of what a client takes (RFC 9110, section 12.4.2).

/// In thousandths: a weight has three digits after the point. Zero is a refusal.
pub(crate) type Weight = u16;

const FULL: Weight = 1000;

/// Of an entry. One that cannot be read is a refusal: then the client gets what everybody can read.
pub(crate) fn weight(parameters: &str) -> Weight {
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    value.map_or(FULL, |value| thousandths(value).unwrap_or(0))
}

fn thousandths(value: &str) -> Option<Weight> {
    let (whole, digits) = value.split_once('.').unwrap_or((value, ""));
    if digits.len() > 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digit = |place: usize| digits.as_bytes().get(place).map_or(0, |digit| digit - b'0');
    let part = (0..3).fold(0, |part, place| 10 * part + Weight::from(digit(place)));
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(FULL),
        _ => None,
    }
}
