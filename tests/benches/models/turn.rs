//! What the runtime adds to the time of a model.

use crate::bot::{Bot, ECHOES, Person, THINKS};
use crate::server::{Server, THINKING_MS, request_of_a_bot};
use crate::{Sorted, row};
use bytes::Bytes;
use futures::StreamExt as _;
use std::time::{Duration, Instant};

/// How many people wait for an answer at the same time.
const PEOPLE: u64 = 50;
/// Messages of each, after one that is not counted. With more of them the model would be asked for a summary beside some of the
/// answers, which is time of its own.
const EACH: usize = 20;

pub(crate) async fn added() {
    let body = Bytes::from(request_of_a_bot().await.to_string());
    let server = Server::start();
    let bot = Bot::start(&server.base, &server.key).await;
    let echo = Sorted::new(echoes(&bot).await);
    let figure = format!("{:.1} ms / {:.1} ms", echo.at(0.5), echo.at(0.99));
    row("an echo, 50 people at the same pace, p50 / p99: what is not the model's", "", &figure);
    let mut round = 0;
    // In turns, so that a slow minute of the machine is in both.
    for (what, wanted, spread) in [
        ("50 turns at once, each at its own time", "≤ 5 ms / ≤ 25 ms", Duration::from_millis(THINKING_MS)),
        ("50 turns that begin in the same instant", "", Duration::ZERO),
    ] {
        let (mut bare, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            round += 1;
            bare.extend(bare_requests(&server, &body, spread).await);
            whole.extend(turns(&bot, round, spread).await);
        }
        let (bare, whole) = (Sorted::new(bare), Sorted::new(whole));
        let added = |share| whole.at(share) - bare.at(share);
        row(
            &format!("{what}: added to a model turn, p50 / p99"),
            wanted,
            &format!("{:.1} ms / {:.1} ms", added(0.5), added(0.99)),
        );
        let both = |which: &Sorted| format!("{:.1} / {:.1}", which.at(0.5), which.at(0.99));
        row("message to answer, bare request to its end", "", &format!("{} ms, {} ms", both(&whole), both(&bare)));
    }
}

/// When the one at this place begins.
fn begins(at: u64, spread: Duration) -> Duration {
    spread * u32::try_from(at).unwrap_or(0) / u32::try_from(PEOPLE).unwrap_or(1)
}

async fn turns(bot: &Bot, round: u64, spread: Duration) -> Vec<Duration> {
    let people = (0..PEOPLE).map(|at| {
        let mut person: Person = bot.person(THINKS, round * 1_000 + at);
        tokio::spawn(async move {
            person.says("Hello!").await;
            tokio::time::sleep(begins(at, spread)).await;
            let mut took = Vec::with_capacity(EACH);
            for _ in 0..EACH {
                took.push(person.says("When is the kitchen open?").await);
            }
            took
        })
    });
    gathered(people.collect()).await
}

/// The same people and the same pace, with an assistant that asks no model.
async fn echoes(bot: &Bot) -> Vec<Duration> {
    let people = (0..PEOPLE).map(|at| {
        let mut person = bot.person(ECHOES, at);
        tokio::spawn(async move {
            person.says("Hello!").await;
            tokio::time::sleep(begins(at, Duration::from_millis(THINKING_MS))).await;
            let mut took = Vec::with_capacity(EACH);
            for _ in 0..EACH {
                took.push(person.says("When is the kitchen open?").await);
                tokio::time::sleep(Duration::from_millis(THINKING_MS)).await;
            }
            took
        })
    });
    gathered(people.collect()).await
}

async fn bare_requests(server: &Server, body: &Bytes, spread: Duration) -> Vec<Duration> {
    let client = reqwest::Client::builder().no_proxy().http1_only().tcp_nodelay(true).build().expect("a client");
    let url = format!("{}chat/completions", server.base);
    let people = (0..PEOPLE).map(|at| {
        let (client, url, key, body) = (client.clone(), url.clone(), server.key.clone(), body.clone());
        tokio::spawn(async move {
            let ask = async || {
                let begun = Instant::now();
                let request = client.post(&url).bearer_auth(&key).header("content-type", "application/json");
                let answer = request.body(body.clone()).send().await.expect("it answers");
                assert!(answer.status().is_success(), "it answers with {}", answer.status());
                let mut pieces = answer.bytes_stream();
                while let Some(piece) = pieces.next().await {
                    piece.expect("it answers whole");
                }
                begun.elapsed()
            };
            ask().await;
            tokio::time::sleep(begins(at, spread)).await;
            let mut took = Vec::with_capacity(EACH);
            for _ in 0..EACH {
                took.push(ask().await);
            }
            took
        })
    });
    gathered(people.collect()).await
}

async fn gathered(people: Vec<tokio::task::JoinHandle<Vec<Duration>>>) -> Vec<Duration> {
    let mut all = Vec::new();
    for person in people {
        all.extend(person.await.expect("a person does not panic"));
    }
    all
}
