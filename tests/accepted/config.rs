//! A section describes its fields as serde reads them, with what their types say about themselves.

#![deny(warnings)]
#![allow(dead_code, reason = "the fields are only described")]

use std::time::Duration;

use rustboot::__private::{DefaultValue, Describe, Field, Properties};
use rustboot::prelude::*;

const SHOP_LINE: u32 = line!() + 5;
/// The shop.
#[config(prefix = "shop")]
#[derive(Debug)]
#[serde(rename_all = "kebab-case")]
struct Shop {
    /// The currency
    /// of all prices.
    base_currency: String,
    #[config(default = "30s")]
    hold: Duration,
    #[config(default = [1, -2])]
    steps: Vec<i8>,
    #[config(default)]
    #[serde(rename = "zones")]
    delivery_zones: Vec<String>,
    owner: Option<String>,
    key: Secret<String>,
    delivery: Delivery,
    #[serde(skip)]
    cache: Option<u8>,
    #[serde(flatten)]
    limits: Limits,
}

#[config]
#[derive(Debug)]
struct Delivery {
    zone: String,
}

#[config(crate = rustboot)]
#[derive(Debug)]
struct Limits {
    max_items: u32,
}

#[test]
fn a_section_describes_its_fields() {
    let fields = Shop::fields();
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    assert_eq!(
        names,
        [
            "base-currency",
            "hold",
            "steps",
            "zones",
            "owner",
            "key",
            "delivery",
            "max_items"
        ]
    );
    let field = |name: &str| -> &Field { fields.iter().find(|field| field.name == name).unwrap() };
    assert_eq!(field("base-currency").doc, "The currency of all prices.");
    assert_eq!(field("hold").default, Some(DefaultValue::Text("30s")));
    assert_eq!(
        field("steps").default,
        Some(DefaultValue::List(&["1", "-2"]))
    );
    assert_eq!(field("owner").type_name, "Option<String>");
    let optional: Vec<&str> = fields
        .iter()
        .filter(|f| f.optional)
        .map(|f| f.name)
        .collect();
    assert_eq!(optional, ["zones", "owner"]);
    let secret: Vec<&str> = fields.iter().filter(|f| f.secret).map(|f| f.name).collect();
    assert_eq!(secret, ["key"]);
    let nested: Vec<&str> = fields
        .iter()
        .filter(|f| f.nested.is_some())
        .map(|f| f.name)
        .collect();
    assert_eq!(nested, ["delivery"]);
    assert_eq!(
        (Shop::PREFIX, Shop::NAME, Shop::LOCATION.line),
        ("shop", "Shop", SHOP_LINE)
    );
}
