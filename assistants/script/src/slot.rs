//! What a form asks for, and what counts as an answer.

mod date;

use crate::limits;
use crate::pattern::words;
use crate::script::Understood;
use crate::template::Words;
use date::date;
use greenroom_contract::address::Address;
use greenroom_contract::text;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::fmt;
use toml::Spanned;

/// `[[nodes.NAME.slots]]`: one question of a form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slot {
    /// Under which name the answer is kept.
    pub(crate) name: Spanned<String>,
    /// The question.
    pub(crate) ask: Words,
    /// What counts as an answer.
    #[serde(default)]
    pub(crate) kind: Kind,
    /// The least: of a number its value, of a date the day, of a text its characters.
    pub(crate) min: Option<Spanned<Bound>>,
    /// The most.
    pub(crate) max: Option<Spanned<Bound>>,
    /// Whether a number has no fraction.
    #[serde(default)]
    pub(crate) whole: bool,
    /// What can be chosen.
    #[serde(default)]
    pub(crate) options: Vec<SlotOption>,
    /// What a phone number begins with that is written without a country, such as `+41`.
    pub(crate) country: Option<Spanned<String>>,
    /// Whether it may be left out.
    #[serde(default)]
    pub(crate) optional: bool,
    /// Whether an answer from an earlier form of this person is kept, and the question left out.
    #[serde(default)]
    pub(crate) keep: bool,
    /// What is said about an answer that does not count, instead of a sentence in English.
    pub(crate) invalid: Option<Words>,
}

/// What counts as an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Any words.
    #[default]
    Text,
    /// A number.
    Number,
    /// A day.
    Date,
    /// An address of electronic mail.
    Email,
    /// A phone number.
    Phone,
    /// One of the options.
    Choice,
    /// Yes or no.
    YesNo,
}

/// A bound of a slot: a number, or a day as `today` or `2026-12-24`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Bound {
    Number(f64),
    Day(String),
}

/// An option of a slot: `"Small"`, or `{ title = "Small", value = "s" }`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SlotOption {
    /// What people read.
    pub(crate) title: Words,
    /// What is kept; the title unless it is written.
    pub(crate) value: Option<String>,
    /// A line below the title.
    pub(crate) detail: Option<Words>,
}

/// An answer that is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    /// Its words.
    pub(crate) words: &'a str,
    /// The place of the option that was tapped.
    pub(crate) tapped: Option<usize>,
    /// A phone number that came as a contact.
    pub(crate) phone: Option<&'a str>,
}

/// What is needed to read an answer.
pub(crate) struct Reading<'a> {
    /// The words that are understood.
    pub(crate) understood: &'a Understood,
    /// The titles of the options, as they were shown.
    pub(crate) titles: &'a [String],
    /// Which day it is.
    pub(crate) today: Date,
}

impl Slot {
    /// The answer as it is kept: `None` where it is left out. Or what is wrong, in a sentence.
    pub(crate) fn read(&self, said: Said<'_>, with: &Reading<'_>) -> Result<Option<String>, String> {
        let answer = said.words.trim();
        let choices = with.titles.len();
        if self.optional && (said.tapped == Some(choices) || is_one_of(answer, &with.understood.skip)) {
            return Ok(None);
        }
        let read = match self.kind {
            Kind::Text => self.text(answer),
            Kind::Number => self.number(answer),
            Kind::Date => self.day(answer, with),
            Kind::Email => email(answer),
            Kind::Phone => phone(said.phone.unwrap_or(answer), self.country.as_ref().map(|one| one.get_ref().as_str())),
            Kind::Choice => self.choice(said, with.titles),
            Kind::YesNo => yes_no(said, with.understood),
        };
        let read = read?;
        if read.chars().count() > limits::ANSWER_CHARS_MAX {
            return Err(format!("That is too long. Please write {} characters at most.", limits::ANSWER_CHARS_MAX));
        }
        Ok(Some(read))
    }

    fn bounds(&self) -> (Option<f64>, Option<f64>) {
        let number = |bound: &Option<Spanned<Bound>>| match bound.as_ref().map(Spanned::get_ref) {
            Some(Bound::Number(number)) => Some(*number),
            _ => None,
        };
        (number(&self.min), number(&self.max))
    }

    fn text(&self, answer: &str) -> Result<String, String> {
        let count = answer.chars().count() as f64;
        if text::is_blank(answer) {
            return Err("Please answer in words.".to_owned());
        }
        match self.bounds() {
            (Some(min), _) if count < min => Err(format!("Please write {min} characters or more.")),
            (_, Some(max)) if count > max => Err(format!("That is too long. Please write {max} characters at most.")),
            _ => Ok(answer.to_owned()),
        }
    }

    fn number(&self, answer: &str) -> Result<String, String> {
        let wanted = if self.whole { "a whole number, such as 2" } else { "a number, such as 2 or 2.5" };
        let written = answer.trim_end_matches(['.', '!']).replace(',', ".");
        let number = written.parse::<f64>().ok().filter(|number| number.is_finite());
        let number = number.filter(|number| !self.whole || number.fract() == 0.0);
        let number = number.ok_or_else(|| format!("Please write {wanted}."))?;
        let fits = |(min, max): (Option<f64>, Option<f64>)| {
            min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
        };
        match self.bounds() {
            bounds if fits(bounds) => Ok(number.to_string()),
            (Some(min), Some(max)) => Err(format!("Please write a number from {min} to {max}.")),
            (Some(min), None) => Err(format!("Please write a number of {min} or more.")),
            (_, max) => Err(format!("Please write a number of {} or less.", max.unwrap_or(f64::MAX))),
        }
    }

    fn day(&self, answer: &str, with: &Reading<'_>) -> Result<String, String> {
        let today = with.today;
        let day = if is_one_of(answer, &with.understood.today) {
            Some(today)
        } else if is_one_of(answer, &with.understood.tomorrow) {
            today.tomorrow().ok()
        } else {
            date(answer, today)
        };
        let day = day.ok_or("Please write a date, such as 2026-12-24 or 24.12.2026.")?;
        let bound = |bound: &Option<Spanned<Bound>>| bound.as_ref().and_then(|bound| bound.get_ref().day(today));
        match (bound(&self.min), bound(&self.max)) {
            (Some(min), _) if day < min => Err(format!("Please choose a day from {min} on.")),
            (_, Some(max)) if day > max => Err(format!("Please choose a day up to {max}.")),
            _ => Ok(day.to_string()),
        }
    }

    fn choice(&self, said: Said<'_>, titles: &[String]) -> Result<String, String> {
        let place = said.tapped.or_else(|| chosen(said.words, titles));
        let option = place.and_then(|place| Some((self.options.get(place)?, titles.get(place)?)));
        let (option, title) = option.ok_or("Please choose one of these.")?;
        Ok(option.value.clone().unwrap_or_else(|| title.clone()))
    }
}

impl Bound {
    /// The day that it means.
    pub(crate) fn day(&self, today: Date) -> Option<Date> {
        match self {
            Self::Day(word) if word == "today" => Some(today),
            Self::Day(day) => day.parse().ok(),
            Self::Number(_) => None,
        }
    }
}

/// Which of these titles a text names, by the title itself or by its number.
pub(crate) fn chosen(answer: &str, titles: &[String]) -> Option<usize> {
    let said = words(answer);
    if said.is_empty() {
        return None;
    }
    let numbered = || said.first()?.trim_end_matches(')').parse::<usize>().ok().filter(|_| said.len() == 1);
    let by_title = titles.iter().position(|title| words(title) == said);
    by_title.or_else(|| numbered()?.checked_sub(1).filter(|place| *place < titles.len()))
}

/// Whether a text is one of these words.
fn is_one_of(answer: &str, known: &[String]) -> bool {
    let said = words(answer);
    !said.is_empty() && known.iter().any(|word| words(word) == said)
}

/// Yes, as 0, or no, as 1; kept in the words of the script.
fn yes_no(said: Said<'_>, understood: &Understood) -> Result<String, String> {
    match answered(said, understood) {
        Some(true) => Ok(understood.yes.first().cloned().unwrap_or_default()),
        Some(false) => Ok(understood.no.first().cloned().unwrap_or_default()),
        None => Err("Please answer with yes or no.".to_owned()),
    }
}

/// Whether an answer is yes or no.
pub(crate) fn answered(said: Said<'_>, understood: &Understood) -> Option<bool> {
    match said.tapped {
        Some(0) => Some(true),
        Some(1) => Some(false),
        Some(_) => None,
        None if is_one_of(said.words, &understood.yes) => Some(true),
        None if is_one_of(said.words, &understood.no) => Some(false),
        // They were shown with numbers where there are no buttons.
        None => match words(said.words).as_slice() {
            [one] if one == "1" => Some(true),
            [one] if one == "2" => Some(false),
            _ => None,
        },
    }
}

/// What has the form of an address. Whether it exists, only a message shows.
fn email(answer: &str) -> Result<String, String> {
    let is_sound = |address: &str| {
        let (local, host) = address.rsplit_once('@')?;
        let labels_are_sound = host.contains('.') && host.split('.').all(|label| !label.is_empty());
        let is_plain = !address.contains(|c: char| c.is_whitespace() || c.is_control() || ",;<>()[]\\\"".contains(c));
        (!local.is_empty() && !local.contains('@') && labels_are_sound && is_plain).then_some(())
    };
    let address = answer.trim_end_matches(['.', ',']);
    is_sound(address)
        .map(|()| address.to_owned())
        .ok_or_else(|| "Please write an email address, such as ana@example.com.".to_owned())
}

fn phone(answer: &str, country: Option<&str>) -> Result<String, String> {
    let answer = answer.trim();
    let local = answer.strip_prefix('0').filter(|rest| !rest.starts_with('0'));
    let address = match (local, country) {
        (Some(rest), Some(country)) => Address::typed(&format!("{country}{rest}")),
        _ => Address::typed(answer),
    };
    let number = address.ok().filter(|address| address.namespace() == Address::PHONE);
    number
        .map(|number| number.to_string())
        .ok_or_else(|| "Please write a phone number with its country code, such as +15551234567.".to_owned())
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrDay;
        impl Visitor<'_> for NumberOrDay {
            type Value = Bound;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a day such as \"today\" or \"2026-12-24\"")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Bound, E> {
                Ok(Bound::Number(number as f64))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Bound, E> {
                Ok(Bound::Number(number))
            }
            fn visit_str<E: Error>(self, day: &str) -> Result<Bound, E> {
                let is_day = day == "today" || day.parse::<Date>().is_ok();
                let bound = is_day.then(|| Bound::Day(day.to_owned()));
                bound.ok_or_else(|| E::custom(format!("{day:?} is not a day; write \"today\" or \"2026-12-24\"")))
            }
        }
        deserializer.deserialize_any(NumberOrDay)
    }
}

impl<'de> Deserialize<'de> for SlotOption {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            title: Words,
            value: Option<String>,
            detail: Option<Words>,
        }
        struct TitleOrTable;
        impl<'de> Visitor<'de> for TitleOrTable {
            type Value = SlotOption;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a title, or a table such as { title = \"Small\", value = \"s\" }")
            }
            fn visit_str<E: Error>(self, title: &str) -> Result<SlotOption, E> {
                let title = Words::deserialize(serde::de::value::StrDeserializer::new(title))?;
                Ok(SlotOption { title, value: None, detail: None })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SlotOption, A::Error> {
                let Keys { title, value, detail } =
                    Keys::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(SlotOption { title, value, detail })
            }
        }
        deserializer.deserialize_any(TitleOrTable)
    }
}

#[cfg(test)]
mod tests;
