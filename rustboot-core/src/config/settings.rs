//! All layers merged, with the origin of every value.

use figment::Figment;
use figment::value::{Dict, Tag, Value};

use super::layer::{Layer, join};
use super::load::FileStates;
use super::placeholder::{Expanded, expand};
use super::{ConfigDef, Field, Origin, Profile};
use crate::report::Problem;

/// A `NAME_FILE` variable that might as well be a plain key that ends in `_file`; the fields that are bound decide.
#[derive(Debug, Clone)]
pub(crate) struct PendingFile {
    pub(crate) key: String,
    pub(crate) problem: Problem,
}

/// The merged configuration.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) profile: Profile,
    pub(crate) env_prefix: String,
    figment: Figment,
    layers: Vec<Layer>,
    /// Keys that count as not set, whatever the layers say.
    masked: Vec<String>,
    variables: Vec<(String, String)>,
    tree: Value,
    placeholder_problems: Vec<Problem>,
    pub(crate) pending_files: Vec<PendingFile>,
    /// Keys that something reads although no section has them: a task that takes its times from the configuration.
    pub(crate) read_alone: Vec<&'static str>,
    /// Secret sources that have not been asked, or gave nothing: any key that is missing may be there.
    pub(crate) unread_sources: Vec<String>,
    /// How the files looked that it was read from.
    pub(crate) files: FileStates,
    /// Things that are odd and no error: written to the log once there is one.
    pub(crate) warnings: Vec<String>,
}

impl Settings {
    pub(crate) fn new(
        profile: Profile,
        env_prefix: String,
        variables: Vec<(String, String)>,
    ) -> Self {
        Self {
            profile,
            env_prefix,
            figment: Figment::new(),
            layers: Vec::new(),
            masked: Vec::new(),
            variables,
            tree: Value::Dict(Tag::Default, Dict::new()),
            placeholder_problems: Vec::new(),
            pending_files: Vec::new(),
            read_alone: Vec::new(),
            unread_sources: Vec::new(),
            files: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds a layer above all others.
    pub(crate) fn push(&mut self, mut layer: Layer) {
        self.masked.iter().for_each(|key| layer.forget(key));
        if layer.is_empty() {
            return;
        }
        self.figment = std::mem::take(&mut self.figment).merge(&layer);
        self.layers.push(layer);
        self.refresh();
    }

    /// Adds a layer below all others.
    pub(crate) fn push_below(&mut self, layer: Layer) {
        if layer.is_empty() {
            return;
        }
        self.figment = std::mem::take(&mut self.figment).join(&layer);
        self.layers.insert(0, layer);
        self.refresh();
    }

    /// Adds the layer of a secret source: below the command line and the overrides, above everything else.
    pub(crate) fn push_secrets(&mut self, mut layer: Layer) {
        self.masked.iter().for_each(|key| layer.forget(key));
        if layer.is_empty() {
            return;
        }
        let mut layers = self.layers.iter();
        let place = layers.position(|layer| layer.beats_secrets);
        self.layers
            .insert(place.unwrap_or(self.layers.len()), layer);
        self.merge();
    }

    /// Lets a key count as not set, whatever layer sets it now or later; its default and what is set in code stay.
    pub(crate) fn mask(&mut self, key: &str) {
        self.masked.push(key.to_owned());
        for layer in &mut self.layers {
            layer.forget(key);
        }
        self.merge();
    }

    /// The layer of that name.
    pub(crate) fn layer_named(&self, name: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.name == name)
    }

    /// Makes the fields of a section known: their defaults, and how their keys are spelled.
    pub(crate) fn learn(&mut self, def: &ConfigDef) {
        let fields = (def.fields)();
        let name = format!("defaults of {}", def.prefix);
        self.push_below(Layer::defaults(
            name,
            def.prefix,
            &fields,
            self.profile.is_dev(),
        ));
        let keys: Vec<String> = keys_of(def).into_iter().map(|(key, _)| key).collect();
        let mut changed = false;
        for layer in &mut self.layers {
            changed |= layer.respell(&keys);
        }
        if changed {
            self.merge();
        }
    }

    fn merge(&mut self) {
        self.figment = self.layers.iter().fold(Figment::new(), Figment::merge);
        self.refresh();
    }

    fn refresh(&mut self) {
        let mut tree = self
            .figment
            .find_value("")
            .unwrap_or_else(|_| Value::Dict(Tag::Default, Dict::new()));
        self.placeholder_problems.clear();
        let mut problems = Vec::new();
        self.expand(&mut tree, "", &mut problems);
        self.placeholder_problems = problems;
        self.tree = tree;
    }

    fn expand(&self, value: &mut Value, key: &str, problems: &mut Vec<Problem>) {
        match value {
            Value::Dict(_, dict) => {
                for (name, value) in dict {
                    self.expand(value, &join(key, name), problems);
                }
            }
            Value::Array(_, items) => {
                for (index, value) in items.iter_mut().enumerate() {
                    self.expand(value, &join(key, &index.to_string()), problems);
                }
            }
            Value::String(tag, text) => {
                if !self.layer(*tag).is_some_and(|layer| layer.placeholders) {
                    return;
                }
                match expand(text, |name| self.variable(name)) {
                    Expanded::Same => {}
                    Expanded::Text(expanded) => *text = expanded,
                    Expanded::Unset(names) => problems.push(
                        Problem::new(
                            key,
                            format!(
                                "${{{}}} is not set, and has no default",
                                names.join("}, ${")
                            ),
                        )
                        .note(self.origin_of(*tag, key).sentence())
                        .note(format!(
                            "help: set {0}, or write ${{{0}:-a default}}",
                            names[0]
                        )),
                    ),
                    Expanded::Malformed => problems.push(
                        Problem::new(key, "the placeholder is not complete")
                            .note(self.origin_of(*tag, key).sentence())
                            .note("help: write ${NAME} or ${NAME:-default}; $${ is a literal ${"),
                    ),
                }
            }
            _ => {}
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables
            .iter()
            .rev()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.clone())
    }

    fn layer(&self, tag: Tag) -> Option<&Layer> {
        self.layer_named(&self.figment.get_metadata(tag)?.name)
    }

    /// Where the value of a key came from.
    pub(crate) fn origin_of(&self, tag: Tag, key: &str) -> Origin {
        self.layer(tag)
            .map_or(Origin::Default, |layer| layer.origin(key))
    }

    /// Where the value that a key has came from; `None` when nothing sets it.
    pub(crate) fn origin(&self, key: &str) -> Option<Origin> {
        let value = self.find(key)?;
        Some(self.origin_of(first_tag(value), key))
    }

    /// The value of a key.
    pub(crate) fn find(&self, key: &str) -> Option<&Value> {
        if key.is_empty() {
            return Some(&self.tree);
        }
        key.split('.')
            .try_fold(&self.tree, |value, segment| match value {
                Value::Dict(_, dict) => dict.get(segment),
                Value::Array(_, items) => items.get(segment.parse::<usize>().ok()?),
                _ => None,
            })
    }

    /// The names on the first level.
    pub(crate) fn sections(&self) -> Vec<&str> {
        match &self.tree {
            Value::Dict(_, dict) => dict.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn placeholder_problems(&self) -> &[Problem] {
        &self.placeholder_problems
    }

    /// Every leaf below a key, with its origin.
    pub(crate) fn leaves(&self) -> Vec<(String, &Value, Origin)> {
        fn walk<'a>(
            settings: &Settings,
            key: &str,
            value: &'a Value,
            leaves: &mut Vec<(String, &'a Value, Origin)>,
        ) {
            match value {
                Value::Dict(_, dict) => {
                    for (name, value) in dict {
                        walk(settings, &join(key, name), value, leaves);
                    }
                }
                value => leaves.push((
                    key.to_owned(),
                    value,
                    settings.origin_of(first_tag(value), key),
                )),
            }
        }
        let mut leaves = Vec::new();
        walk(self, "", &self.tree, &mut leaves);
        leaves
    }

    /// How a required key can be set, for the help of a report.
    pub(crate) fn ways_to_set(&self, key: &str, secret: bool) -> String {
        let mut variable = super::env::name_of(key, &self.env_prefix);
        if let Some((known, _)) = super::env::WELL_KNOWN.iter().find(|(_, k)| *k == key) {
            variable = format!("{known} or {variable}");
        }
        if secret {
            let file = key.replace('.', "__");
            format!("help: set {variable}, or put a file named {file} in /run/secrets")
        } else {
            let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
            format!(
                "help: set {variable}, or `{name}` under [{section}] in config/app.toml, or pass --{key}=…"
            )
        }
    }
}

/// The layer of a list is that of its items, since figment tags leaves.
pub(crate) fn first_tag(value: &Value) -> Tag {
    match value {
        Value::Array(tag, items) if tag.is_default() => items.first().map_or(*tag, first_tag),
        Value::Dict(tag, dict) if tag.is_default() => dict.values().next().map_or(*tag, first_tag),
        value => value.tag(),
    }
}

/// The full keys of a section's fields, with the fields.
pub(crate) fn keys_of(def: &ConfigDef) -> Vec<(String, Field)> {
    fn add(prefix: &str, fields: &[Field], keys: &mut Vec<(String, Field)>) {
        for field in fields {
            let key = join(prefix, field.name);
            match field.nested {
                Some(nested) => add(&key, &nested(), keys),
                None => keys.push((key, *field)),
            }
        }
    }
    let mut keys = Vec::new();
    add(def.prefix, &(def.fields)(), &mut keys);
    keys
}

/// The field that a key stands for in a section whose keys are names.
pub(crate) fn entry_field(def: &ConfigDef, key: &str) -> Option<Field> {
    let below = key.strip_prefix(def.prefix)?.strip_prefix('.')?;
    let (_, name) = below.split_once('.')?;
    let fields = (def.entries)()?;
    // A value may be a list or a map, whose parts have keys of their own.
    let name = name.split('.').next()?;
    fields.into_iter().find(|field| field.name == name)
}
