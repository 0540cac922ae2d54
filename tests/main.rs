//! The tests of the whole: real parts, put together as a user would.
//!
//! | module | what it shows |
//! |---|---|
//! | `house` | what ARCHITECTURE.md claims about the code is so |
//! | `features`, `x_script` | what a set of features brings, what is published, and what `./x` builds |
//! | `console` | the console keeps the rules of every adapter |
//! | `durability` | under a system-call trace nothing is acknowledged before it is synced |
//! | `folder` | the data folder: private, not followed elsewhere, and noticed when it is gone |
//! | `crash` | kill -9 at any moment, and at every fail point: answered exactly once, in order |
//! | `cost` | how often a message waits for the disk, and how many keys it writes |
//! | `kept` | a store that the version before wrote is opened, and what waits in it is answered |
//! | `memory_of_assistant` | what an assistant remembers survives restart, passivation and kill -9 |
//! | `simulation` | seeded worlds under paused time, with invariants |
//! | `face` | what a program that embeds the runtime may write |
//! | `pacing` | no network gets messages faster, later or in greater number than its adapter declares |
//! | `clock` | the system's clock is moved: nobody waits for it |
//! | `reconfigure`, `reload` | what runs is changed while messages flow, by a program and by its configuration file |
//! | `identity` | a person is followed through every signed change of address, a stranger never |
//! | `proved` | a person proves an e-mail address in the running program |
//! | `directory` | a network is asked how it writes the numbers of the allow-list |
//! | `takeover` | the owner types in a chat of the bot |
//! | `moving` | the bot in one file, moved to another folder, by the program |
//! | `hand_over`, `away`, `commands`, `lives`, `asked`, `acks` | what stands between a message and its assistant |
//! | `groups`, `quotes`, `people`, `strangers`, `busy`, `choices`, `content`, `answers`, `splitting`, `sending`, `outages`, `speaking_first`, `settings`, `backpressure`, `supervision`, `limits_per_person`, `waking`, `drain`, `linking`, `accounts`, `swapping`, `told_later`, `unclear` | one behaviour each |
//! | `cloud` | the whole over WhatsApp's Cloud API, against the simulator |
//! | `recipes` | the recipes of `examples/deploy` are what systemd, Caddy and nginx read |
//! | `containers` | the container files of `examples/deploy` name what is there |
//! | `elsewhere` | commands that ask a gateway on another machine |
//! | `edge` | what comes from outside and must not be taken, or must not be lost: floods, copies, impossible ids |
//! | `voice` | voice notes, with a real model and on every channel |
//! | `web` | the whole over WhatsApp Web, against the simulator (feature `simulator`) |
//! | `plugins` | plugins in a running bot, and the commands that look after them |
//! | `scripted` | scripts and routers in a running bot |
//! | `cookbook` | every recipe of the cookbook, talked to |
//! | `program`, `hands`, `doctor`, `usage`, `link_program`, `examples` | the program and the examples, run as processes |

mod accounts;
mod acks;
mod answers;
mod asked;
mod away;
mod backpressure;
mod busy;
mod choices;
mod clock;
mod cloud;
mod commands;
mod console;
mod containers;
mod content;
mod cookbook;
mod cost;
mod crash;
mod directory;
mod doctor;
mod drain;
#[cfg(target_os = "linux")]
mod durability;
mod edge;
mod elsewhere;
mod examples;
mod face;
mod features;
mod folder;
mod groups;
mod hand_over;
mod hands;
mod house;
mod identity;
mod kept;
mod limits_per_person;
mod link_program;
mod linking;
mod lives;
mod memory_of_assistant;
mod models;
mod moving;
mod outages;
mod pacing;
mod people;
#[cfg(feature = "plugins")]
mod plugins;
mod program;
#[cfg(feature = "identity")]
mod proved;
mod quotes;
mod recipes;
mod reconfigure;
mod reload;
mod remote;
mod scripted;
mod sending;
mod settings;
mod simulation;
mod speaking_first;
mod splitting;
mod strangers;
mod supervision;
mod support;
mod swapping;
mod takeover;
mod told_later;
mod unclear;
mod usage;
mod voice;
mod waking;
#[cfg(feature = "simulator")]
mod web;
mod x_script;
