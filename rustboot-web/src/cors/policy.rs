//! What the configuration allows, in the form that a request asks for it.

use std::sync::Arc;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::CorsConfig;
use super::config::ALL;
use crate::negotiation::add_vary;
use crate::origin::{AllowedOrigin, Origin};
use crate::route::RouteMetrics;

/// What preflights are in metrics and access log: they are for no route.
const PREFLIGHT: &str = "preflight";

/// See the module. Everything that does not depend on the request is a header already.
#[derive(Debug)]
pub(crate) struct Policy {
    /// Every origin, without credentials: the answer is the same for everybody.
    any: bool,
    /// As a browser writes them.
    exact: Vec<String>,
    patterns: Vec<AllowedOrigin>,
    credentials: bool,
    /// `None` for every method; with what a preflight is told.
    methods: Option<(Vec<Method>, HeaderValue)>,
    /// `None` for every header.
    headers: Option<(Vec<HeaderName>, HeaderValue)>,
    exposed: Option<HeaderValue>,
    max_age: HeaderValue,
    metrics: Arc<RouteMetrics>,
}

/// The answer to a preflight.
#[derive(Debug)]
pub(crate) enum Preflight {
    /// The page may; these headers say what.
    Granted(HeaderMap),
    /// It may not. For whoever develops it: a page sees nothing of this.
    Refused(&'static str),
}

impl Policy {
    /// `None` when no page may do anything.
    pub(crate) fn new(config: &CorsConfig) -> Option<Self> {
        if !config.is_on() {
            return None;
        }
        let origins = || {
            config
                .allowed_origins
                .iter()
                .chain(&config.allowed_origin_patterns)
        };
        let has_all = |names: &[String]| names.iter().any(|name| name == ALL);
        let methods = config.allowed_methods.iter().filter_map(|name| {
            // Browsers send the methods they know in upper case, however a page writes them.
            Method::from_bytes(name.to_ascii_uppercase().as_bytes()).ok()
        });
        let methods: Vec<Method> = methods.collect();
        let headers = config
            .allowed_headers
            .iter()
            .filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        let headers: Vec<HeaderName> = headers.collect();
        Some(Self {
            any: origins().any(AllowedOrigin::is_any),
            exact: origins()
                .filter(|origin| origin.is_one())
                .map(ToString::to_string)
                .collect(),
            patterns: origins()
                .filter(|origin| !origin.is_one() && !origin.is_any())
                .cloned()
                .collect(),
            credentials: config.allow_credentials,
            methods: (!has_all(&config.allowed_methods)).then(|| {
                let text = list(methods.iter().map(Method::as_str));
                (methods, text)
            }),
            headers: (!has_all(&config.allowed_headers)).then(|| {
                let text = list(headers.iter().map(HeaderName::as_str));
                (headers, text)
            }),
            exposed: Some(list(config.exposed_headers.iter().map(String::as_str)))
                .filter(|text| !text.is_empty()),
            max_age: HeaderValue::from(config.max_age.as_secs()),
            metrics: Arc::new(RouteMetrics::new(&Method::OPTIONS, PREFLIGHT)),
        })
    }

    /// For the metrics and the access log of preflights.
    pub(crate) fn metrics(&self) -> &Arc<RouteMetrics> {
        &self.metrics
    }

    /// What `Access-Control-Allow-Origin` is for the page that asks, if it may do anything.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let mut values = headers.get_all(ORIGIN).iter();
        let value = values.next()?;
        if self.any {
            return Some(HeaderValue::from_static(ALL));
        }
        // No browser sends two.
        if values.next().is_some() {
            return None;
        }
        let is_exact = self
            .exact
            .iter()
            .any(|origin| origin.as_bytes() == value.as_bytes());
        (is_exact || self.fits_a_pattern(value)).then(|| value.clone())
    }

    fn fits_a_pattern(&self, origin: &HeaderValue) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let origin = origin.to_str().ok().and_then(Origin::parse);
        origin.is_some_and(|origin| self.patterns.iter().any(|p| p.allows(Some(&origin))))
    }

    /// What to answer, when this is the question of a browser whether a page may send a request. An `OPTIONS` without the
    /// method of that request is none.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Preflight> {
        if *method != Method::OPTIONS || !headers.contains_key(ORIGIN) {
            return None;
        }
        let method = headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
        Some(match self.grant(method, headers) {
            Ok(headers) => Preflight::Granted(headers),
            Err(reason) => Preflight::Refused(reason),
        })
    }

    fn grant(&self, method: &HeaderValue, headers: &HeaderMap) -> Result<HeaderMap, &'static str> {
        let origin = self
            .origin(headers)
            .ok_or("pages of this origin may not use this service")?;
        let methods = match &self.methods {
            // A `*` would be the name of a method where credentials are allowed.
            None => method,
            Some((methods, text)) => {
                let is_listed = methods
                    .iter()
                    .any(|listed| listed.as_str().as_bytes() == method.as_bytes());
                is_listed
                    .then_some(text)
                    .ok_or("pages of other origins may not use this method")?
            }
        };
        let mut granted = HeaderMap::with_capacity(8);
        granted.insert(ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
        if let Some(names) = self.names(headers)? {
            granted.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
        }
        granted.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        granted.insert(
            VARY,
            HeaderValue::from_static(
                "origin, access-control-request-method, access-control-request-headers",
            ),
        );
        self.allow(&mut granted, origin);
        Ok(granted)
    }

    /// What is said of the headers that the page wants to send.
    fn names(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, &'static str> {
        let wanted = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS);
        let mut names = Vec::new();
        for value in wanted {
            let text = value.to_str().map_err(|_| NO_NAMES)?;
            for name in text.split(',').map(str::trim).filter(|n| !n.is_empty()) {
                names.push(HeaderName::from_bytes(name.as_bytes()).map_err(|_| NO_NAMES)?);
            }
        }
        match &self.headers {
            _ if names.is_empty() => Ok(None),
            // `*` does not include `authorization`, and is the name of a header where credentials are allowed.
            None => Ok(Some(list(names.iter().map(HeaderName::as_str)))),
            Some((listed, text)) if names.iter().all(|name| listed.contains(name)) => {
                Ok(Some(text.clone()))
            }
            Some(_) => Err("pages of other origins may not send these headers"),
        }
    }

    fn allow(&self, headers: &mut HeaderMap, origin: HeaderValue) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            headers.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }

    /// Adds to an answer what a browser wants to see, for the origin that [`Policy::origin`] found. An answer that says something of
    /// that itself keeps its own.
    pub(crate) fn add(&self, headers: &mut HeaderMap, origin: Option<HeaderValue>) {
        if headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            return;
        }
        // Whoever keeps the answer must not give it to the page of another origin, nor the one for no page to any.
        if !self.any {
            add_vary(headers, "origin");
        }
        let Some(origin) = origin else { return };
        self.allow(headers, origin);
        if let Some(exposed) = &self.exposed {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }
}

const NO_NAMES: &str = "access-control-request-headers is no list of headers";

/// Names one after the other. They have been checked, so that they fit into a header.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> HeaderValue {
    let text = names.collect::<Vec<_>>().join(", ");
    HeaderValue::try_from(text).unwrap_or(const { HeaderValue::from_static("") })
}
