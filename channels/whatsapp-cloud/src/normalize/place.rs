//! A place that was sent.

use super::body::filled;
use greenroom_contract::limits;
use greenroom_contract::message::Location;
use greenroom_contract::text::bounded;
use serde_json::Value;

/// Reads a place; `None` if it is nowhere on earth.
pub(super) fn read(part: &Value) -> Option<Location> {
    let text = |key: &str| filled(&part[key]).map(|text| bounded(text, limits::NAME_BYTES_MAX));
    let (latitude, longitude) = (degrees(&part["latitude"])?, degrees(&part["longitude"])?);
    let place = Location { latitude, longitude, name: text("name"), address: text("address") };
    place.is_on_earth().then_some(place)
}

/// What a place without usable coordinates is called.
pub(super) fn words(part: &Value) -> Option<String> {
    let is_place = !part["latitude"].is_null() || !part["longitude"].is_null();
    let lines: Vec<&str> = ["name", "address"].iter().filter_map(|key| filled(&part[*key])).collect();
    (is_place && !lines.is_empty()).then(|| bounded(&lines.join("\n"), limits::TEXT_BYTES_MAX))
}

/// A number, or a text that is one.
fn degrees(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}
