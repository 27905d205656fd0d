//! What one tenant has other than its plan.

use domain::plan::{Feature, Quota};
use serde_json::{Map, Value};

use super::EXCEPTIONS;

/// How much of a quota one tenant has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnLimit {
    /// As much as its plan has.
    AsPlanned,
    /// Any number.
    Unlimited,
    /// So much.
    AtMost(u64),
}

/// Whether one tenant has a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnFeature {
    /// If its plan has it.
    AsPlanned,
    /// Whatever the plan says.
    Own(bool),
}

/// A change of a tenant's exceptions.
#[derive(Debug, Clone, Default)]
pub struct Exceptions {
    /// The quotas to change.
    pub limits: Vec<(Quota, OwnLimit)>,
    /// The features to change.
    pub features: Vec<(Feature, OwnFeature)>,
}

impl Exceptions {
    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        self.limits.is_empty() && self.features.is_empty()
    }

    /// Changes them in the settings of a tenant.
    pub(crate) fn put(&self, settings: &mut Map<String, Value>) {
        let mut own = taken(settings, EXCEPTIONS);
        for (quota, limit) in &self.limits {
            match limit {
                OwnLimit::AsPlanned => own.remove(quota.as_str()),
                OwnLimit::Unlimited => own.insert(quota.as_str().to_owned(), Value::Null),
                OwnLimit::AtMost(most) => own.insert(quota.as_str().to_owned(), (*most).into()),
            };
        }
        let mut features = taken(&mut own, "features");
        for (feature, has) in &self.features {
            match has {
                OwnFeature::AsPlanned => features.remove(feature.as_str()),
                OwnFeature::Own(has) => features.insert(feature.as_str().to_owned(), (*has).into()),
            };
        }
        if !features.is_empty() {
            own.insert("features".to_owned(), Value::Object(features));
        }
        if !own.is_empty() {
            settings.insert(EXCEPTIONS.to_owned(), Value::Object(own));
        }
    }
}

/// Takes an object out; an empty one where there is none.
fn taken(map: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match map.remove(name) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}
