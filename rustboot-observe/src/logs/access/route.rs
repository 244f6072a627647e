//! What the lines of one route have in common, as it stands in them.

use super::TARGET;
use crate::logs::buffer::Text;
use crate::logs::format::json;

/// A route, with the parts of a JSON line that do not change from request to request: made once, at start.
#[derive(Debug, Clone)]
pub struct AccessRoute {
    method: Option<Box<str>>,
    template: Box<str>,
    /// From behind the time to the status in the message, and from the ids to the path. Nothing for any method.
    parts: Option<(Text, Text)>,
}

impl AccessRoute {
    /// The route with that method and template: `GET`, `/items/{id}`.
    pub fn new(method: &str, template: &str) -> Self {
        let mut before_status = Text::new();
        json::before_message(&mut before_status, tracing::Level::INFO, TARGET);
        push_name(&mut before_status, method, template);
        let mut before_path = Text::new();
        push_members(&mut before_path, method, template);
        Self {
            method: Some(method.into()),
            template: template.into(),
            parts: Some((before_status, before_path)),
        }
    }

    /// The same for methods that are not known: the record has them.
    pub fn for_any_method(template: &str) -> Self {
        Self {
            method: None,
            template: template.into(),
            parts: None,
        }
    }

    /// The method; none when it is for any.
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// The template.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// From behind the time to the status in the message.
    pub(super) fn push_before_status(&self, out: &mut Text, method: &str) {
        match &self.parts {
            Some((before_status, _)) => out.push_text(before_status),
            None => {
                json::before_message(out, tracing::Level::INFO, TARGET);
                push_name(out, method, &self.template);
            }
        }
    }

    /// From the ids to the inside of the path's quotes.
    pub(super) fn push_before_path(&self, out: &mut Text, method: &str) {
        match &self.parts {
            Some((_, before_path)) => out.push_text(before_path),
            None => push_members(out, method, &self.template),
        }
    }
}

fn push_name(out: &mut Text, method: &str, template: &str) {
    json::push_text(out, method);
    out.push(' ');
    json::push_text(out, template);
    out.push(' ');
}

fn push_members(out: &mut Text, method: &str, template: &str) {
    out.push_str(",\"method\":\"");
    json::push_text(out, method);
    out.push_str("\",\"route\":\"");
    json::push_text(out, template);
    out.push_str("\",\"path\":\"");
}
