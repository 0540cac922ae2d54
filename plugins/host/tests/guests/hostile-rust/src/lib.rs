//! A guest that does what the first word of the turn says: everything that a broken or hostile plugin might do.

use greenroom_plugin::{Answer, Prompt, Request, Turn, ask, export, media, memory, random, send_http};
use std::hint::black_box;

fn deep(depth: u64) -> u64 {
    let pad = black_box([depth; 64]);
    if depth == u64::MAX { 0 } else { deep(depth + 1) + pad[7] }
}

/// What `(a+)+$` costs an engine that tries every way: the engines of Rust do not, a hand-written parser may.
fn tries_every_way(text: &[u8]) -> bool {
    let run = text.iter().take_while(|byte| **byte == b'a').count();
    (1..=run).any(|taken| taken == text.len() || tries_every_way(black_box(&text[taken..])))
}

fn get(url: &str, headers: &[(&str, &str)]) -> Result<greenroom_plugin::Response, String> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    send_http(&Request { method: "GET".to_owned(), url: url.to_owned(), headers, body: None })
}

fn respond(turn: Turn) -> Result<Answer, String> {
    let text = turn.text();
    let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
    match word {
        "loop" => loop {
            black_box(1);
        },
        "regex" => Ok(Answer::text(tries_every_way(rest.as_bytes()).to_string())),
        "memory" => {
            let mut all = Vec::new();
            loop {
                all.push(black_box(vec![1_u8; 1024 * 1024]));
            }
        }
        "recursion" => Ok(Answer::text(deep(0).to_string())),
        "huge" => Ok(Answer::text("x".repeat(rest.parse().unwrap_or(30_000_000)))),
        "panic" => panic!("{rest}"),
        "say" => Err(rest.to_owned()),
        "stateful-panic" => {
            memory::set("half", "done");
            panic!("with state");
        }
        "http" => {
            let response = get(rest, &[])?;
            Ok(Answer::text(format!("{} {}", response.status, String::from_utf8_lossy(&response.body))))
        }
        "http-with" => {
            let (header, url) = rest.split_once(' ').unwrap_or(("", rest));
            let response = get(url, &[(header, "x")])?;
            Ok(Answer::text(response.status.to_string()))
        }
        "http-often" => {
            for _ in 0..1000 {
                let _ = get("https://forbidden.example/", &[]);
            }
            Ok(Answer::text("sent"))
        }
        "file" => Ok(Answer::text(format!("{:?}", std::fs::read(rest).map_err(|error| error.to_string())))),
        "write" => Ok(Answer::text(format!("{:?}", std::fs::write(rest, b"x").map_err(|error| error.to_string())))),
        "socket" => Ok(Answer::text(format!("{:?}", std::net::TcpStream::connect(rest).map_err(|error| error.to_string())))),
        "environment" => Ok(Answer::text(format!("{:?} {:?}", std::env::vars().collect::<Vec<_>>(), std::env::args().collect::<Vec<_>>()))),
        "random" => Ok(Answer::text(random().to_string())),
        "print" => {
            for _ in 0..100_000 {
                println!("a line that is not an answer");
            }
            Ok(Answer::text("printed"))
        }
        "log" => {
            for _ in 0..10_000 {
                greenroom_plugin::log(&"y".repeat(10_000));
            }
            Ok(Answer::text("logged"))
        }
        "ask" => Ok(Answer::text(ask("writer", &Prompt::new("short").person(rest))?.text)),
        "ask-often" => {
            for _ in 0..1000 {
                let _ = ask("writer", &Prompt::new("short").person("a"));
            }
            Ok(Answer::text("asked"))
        }
        "remember" => {
            let before = memory::get("last");
            memory::set("last", rest);
            Ok(Answer::text(format!("before: {}", before.as_deref().unwrap_or("nothing"))))
        }
        "hoard" => {
            for key in 0..100_000 {
                memory::set(&key.to_string(), &"z".repeat(1000));
            }
            Ok(Answer::text("kept"))
        }
        "medium" => Ok(Answer::text(media::read(rest.parse().unwrap_or(0)).len().to_string())),
        "media" => {
            for _ in 0..100 {
                media::put("image/png", &vec![0; 5 * 1024 * 1024]);
            }
            Ok(Answer::text("made"))
        }
        "picture" => {
            let number = media::put("image/png", &[1, 2, 3]);
            Ok(Answer::silence().and_image(number, "made"))
        }
        "wrong" => Ok(Answer { replies: vec![greenroom_plugin::Reply(greenroom_plugin::serde_json::json!({ "txt": 1 }))], ..Answer::default() }),
        "never" => Ok(Answer { never: Some(rest.to_owned()), ..Answer::default() }),
        "static" => {
            // What another turn left here would be seen.
            static LEFT: std::sync::Mutex<String> = std::sync::Mutex::new(String::new());
            let mut left = LEFT.lock().map_err(|error| error.to_string())?;
            let before = std::mem::replace(&mut *left, rest.to_owned());
            Ok(Answer::text(format!("left: {before}")))
        }
        "wait" => {
            std::thread::sleep(std::time::Duration::from_millis(rest.parse().unwrap_or(0)));
            Ok(Answer::text("waited"))
        }
        _ if text.is_empty() => Ok(Answer::silence()),
        _ => Ok(Answer::text(text)),
    }
}

export!(respond);
