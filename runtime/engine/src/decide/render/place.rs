//! A place: on the map of the network, or as a link to one.

use super::texts;
use crate::decide::house_texts::HouseTexts;
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::message::Location;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::text::is_blank;

pub(super) fn place(
    location: Location,
    (network, says): (&Capabilities, &HouseTexts),
    degraded: &mut Vec<String>,
) -> Vec<OutboundBody> {
    if !location.is_on_earth() {
        degraded.push("place to its name: there is no such place on earth".to_owned());
        return texts(&in_words(&location, says.no_such_place), network);
    }
    if !network.locations.is_there() {
        degraded.push("place to a link: this network shows no places".to_owned());
        return texts(&in_words(&location, &link(&location)), network);
    }
    let Location { latitude, longitude, .. } = location;
    // What is too long to stand below a place stands behind it.
    let fits = |text: &String| text.chars().count() <= network.caption_chars_max;
    let mut lines = [location.name, location.address].map(|line| line.filter(|line| !is_blank(line)));
    let mut bodies = Vec::new();
    // In order: where the name stands behind the place, so does the address.
    let shown = lines.iter().position(|line| line.as_ref().is_some_and(|line| !fits(line))).unwrap_or(lines.len());
    for words in lines.iter_mut().skip(shown).filter_map(Option::take) {
        degraded.push("long name of a place to a text of its own".to_owned());
        bodies.extend(texts(&words, network));
    }
    let [name, address] = lines;
    bodies.insert(0, OutboundBody::Location(Location { latitude, longitude, name, address }));
    bodies
}

/// Its name, its address and a last line.
fn in_words(location: &Location, last: &str) -> String {
    let named = [location.name.as_deref(), location.address.as_deref()].into_iter().flatten();
    let lines: Vec<&str> = named.filter(|line| !is_blank(line)).chain([last]).collect();
    lines.join("\n")
}

/// A page that shows the place, on a phone in its app for maps.
fn link(location: &Location) -> String {
    format!("https://maps.google.com/?q={},{}", location.latitude, location.longitude)
}
