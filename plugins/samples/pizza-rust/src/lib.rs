//! Takes pizza orders: which one, which size, how many, and whether all of that is right.
//!
//! Each turn runs in a fresh instance, so what was answered so far is remembered by key. The next question is the first
//! whose answer is missing; a wrong answer is said to be wrong and asked for once more.

use greenroom_plugin::{Answer, Turn, export, memory, settings};
use serde::Deserialize;

#[derive(Deserialize)]
struct Settings {
    menu: Vec<String>,
    pieces_max: u32,
}

const SIZES: [(&str, &str); 3] = [("small", "Small"), ("medium", "Medium"), ("large", "Large")];

fn respond(turn: Turn) -> Result<Answer, String> {
    let settings: Settings = settings()?;
    let said = turn.text().trim().to_lowercase();
    if matches!(said.as_str(), "stop" | "cancel") {
        forget();
        return Ok(Answer::text("All right, no order."));
    }
    // A number is remembered once it makes sense; what makes none is answered with the same question.
    let wrong = match asked().as_deref() {
        Some(question) => take(question, &turn, &said, &settings).err(),
        None => None,
    };
    let question = ask_next(&turn, &settings);
    Ok(match wrong {
        Some(wrong) => Answer { replies: [Answer::text(wrong).replies, question.replies].concat(), ..question },
        None => question,
    })
}

/// Which question is open.
fn asked() -> Option<String> {
    memory::get("asked")
}

fn forget() {
    memory::keys().iter().for_each(|key| memory::delete(key));
}

/// Takes the answer to a question, or says what is wrong with it.
fn take(question: &str, turn: &Turn, said: &str, settings: &Settings) -> Result<(), String> {
    let chosen = turn.choice().unwrap_or(said);
    let value = match question {
        "pizza" => {
            let found = settings.menu.iter().find(|pizza| pizza.to_lowercase() == chosen.to_lowercase());
            found.ok_or_else(|| format!("We have no {chosen}."))?.clone()
        }
        "size" => {
            let found = SIZES.iter().find(|(id, _)| *id == chosen.to_lowercase());
            found.ok_or_else(|| format!("{chosen} is not one of the sizes."))?.0.to_owned()
        }
        "pieces" => {
            let pieces: u32 = said.parse().map_err(|_| "Please write a number, such as 2.".to_owned())?;
            if !(1..=settings.pieces_max).contains(&pieces) {
                return Err(format!("We take orders of 1 to {} pizzas.", settings.pieces_max));
            }
            pieces.to_string()
        }
        _ => match chosen {
            "yes" | "no" => chosen.to_owned(),
            _ => return Err("Please choose yes or no.".to_owned()),
        },
    };
    memory::set(question, &value);
    Ok(())
}

/// The first question whose answer is missing; the end, if there is none.
fn ask_next(turn: &Turn, settings: &Settings) -> Answer {
    let open = |question: &str| {
        let is_open = memory::get(question).is_none();
        if is_open {
            memory::set("asked", question);
        }
        is_open
    };
    if open("pizza") {
        let menu = settings.menu.iter().map(|pizza| (pizza.as_str(), pizza.as_str()));
        return Answer::choices("Which pizza would you like?", menu);
    }
    if open("size") {
        return Answer::choices("Which size?", SIZES);
    }
    if open("pieces") {
        return Answer::text("How many?");
    }
    let of = |key: &str| memory::get(key).unwrap_or_default();
    let order = format!("{} x {}, {}", of("pieces"), of("pizza"), of("size"));
    if open("right") {
        return Answer::choices(format!("{order}. Is that right?"), [("yes", "Yes"), ("no", "No")]);
    }
    let is_right = of("right") == "yes";
    forget();
    if is_right {
        // The name of the turn is the same in each attempt: a kitchen that keeps it takes the order once.
        greenroom_plugin::log(&format!("order {} of conversation {}", turn.turn, turn.conversation));
        Answer::text(format!("Thank you! {order}: it will be ready in 20 minutes."))
    } else {
        Answer::text("Then let us begin once more: write anything.")
    }
}

export!(respond);
