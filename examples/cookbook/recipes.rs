//! The recipes. Each is a function from a channel to a bot, so that it runs on the console, in a test, or on WhatsApp.

// As in a program of one's own, whatever includes them.
#![allow(unreachable_pub)]

use greenroom::Builder;
use greenroom::contract::channel::Channel;
use std::sync::Arc;

pub mod cost;
pub mod counter;
pub mod echo;
pub mod form;
pub mod groups;
pub mod http;
pub mod human;
pub mod menu;
pub mod process;
pub mod reminder;
pub mod report;
pub mod router;

/// Where people write.
pub type Network = Arc<dyn Channel>;

/// Who is answered: in a bot of your own, write phone numbers instead.
pub const EVERYONE: [&str; 1] = ["*"];

/// Makes the bot of a recipe.
pub type Recipe = fn(Network) -> Builder;

/// Each recipe by its name.
pub const ALL: &[(&str, Recipe)] = &[
    ("echo", echo::bot),
    ("counter", counter::bot),
    ("reminder", reminder::bot),
    ("menu", menu::bot),
    ("form", form::bot),
    ("router", router::bot),
    ("human", human::bot),
    ("report", report::bot),
    ("groups", groups::bot),
    ("process", process::bot),
    ("http", http::bot),
    ("cost", cost::bot),
];
