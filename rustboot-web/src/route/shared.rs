//! What the routes of a group share, made once for the group: its in-flight limit, and the layers around its routes.

use std::collections::HashMap;
use std::ptr::from_ref;
use std::sync::Arc;

use axum::routing::MethodRouter;
use rustboot_core::AppContext;

use super::gate::Gate;
use super::mapped::MappedRoute;
use super::{RouteGroup, RouteLayer};

/// What has been made so far, by group.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    gates: HashMap<*const RouteGroup, Arc<Gate>>,
    layers: HashMap<*const RouteGroup, Vec<RouteLayer>>,
}

impl Shared {
    /// The in-flight limit of a route: its own, or that of its group.
    pub(crate) fn gate(&mut self, route: &MappedRoute) -> Option<Arc<Gate>> {
        let limit = route.settings.max_in_flight?;
        let Some(group) = route.bulkhead() else {
            return Some(Gate::new(limit, route.title()));
        };
        let make = || Gate::new(limit, group.name);
        let gate = self.gates.entry(from_ref(group)).or_insert_with(make);
        Some(Arc::clone(gate))
    }

    /// The layers of a route and its groups, from the inside to the outside.
    pub(crate) fn layers(&mut self, route: &MappedRoute) -> Vec<RouteLayer> {
        let mut layers = route.def.layers.map_or_else(Vec::new, |make| make());
        layers.reverse();
        for &group in &route.groups {
            if let Some(make) = group.layers {
                let of_group = self.layers.entry(from_ref(group)).or_insert_with(make);
                layers.extend(of_group.iter().rev().cloned());
            }
        }
        layers
    }
}

/// Puts layers around a route, from the inside to the outside.
pub(crate) fn around(
    layers: &[RouteLayer],
    route: MethodRouter<AppContext>,
) -> MethodRouter<AppContext> {
    layers
        .iter()
        .fold(route, |route, layer| layer.around(route))
}
