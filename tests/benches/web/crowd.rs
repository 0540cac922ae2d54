//! People who write at once, each the next message when the last was answered.

use greenroom_simulator_whatsapp_web::people::{Address, Draft};
use greenroom_simulator_whatsapp_web::{Phone, Simulator};
use std::time::{Duration, Instant};

/// Longer than any bot that still works takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Crowd {
    phones: Vec<Phone>,
}

/// What became of a talk.
pub(crate) struct Outcome {
    pub(crate) answered: usize,
    pub(crate) lost: usize,
    pub(crate) took: Duration,
    /// From writing to hearing the answer, sorted.
    latencies: Vec<Duration>,
}

impl Outcome {
    /// The latency that this share of the answers did not exceed.
    pub(crate) fn at(&self, share: f64) -> Duration {
        let place = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(place.min(self.latencies.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

impl Crowd {
    pub(crate) async fn gather(simulator: &Simulator, people: usize) -> Self {
        let mut phones = Vec::with_capacity(people);
        for at in 0..people {
            let (number, name) = (format!("1666{at:07}"), format!("Person {at}"));
            phones.push(simulator.phone(&number, &name).await.expect("a phone is made"));
        }
        Self { phones }
    }

    /// Everybody writes so many messages to this number, one after the other.
    pub(crate) async fn talk(&self, to: &str, each: usize) -> Outcome {
        let started = Instant::now();
        let tasks = self.phones.iter().map(|phone| tokio::spawn(person(phone.clone(), to.to_owned(), each)));
        let tasks: Vec<_> = tasks.collect();
        let (mut latencies, mut lost) = (Vec::with_capacity(self.phones.len() * each), 0);
        for task in tasks {
            let (answered, missing) = task.await.expect("a person does not panic");
            latencies.extend(answered);
            lost += missing;
        }
        latencies.sort_unstable();
        Outcome { answered: latencies.len(), lost, took: started.elapsed(), latencies }
    }
}

/// Writes, waits, and writes again; returns how long each answer took, and how many never came.
async fn person(phone: Phone, to: String, each: usize) -> (Vec<Duration>, usize) {
    let (address, mut latencies, mut lost) = (Address::pn(&to), Vec::with_capacity(each), 0);
    for number in 0..each {
        let text = format!("hello there, number {number} of {each}");
        let begun = Instant::now();
        let answered = async {
            phone.send(&address, Draft::text(text.as_str())).await?;
            phone.until_heard(|heard| !heard.own && heard.text() == Some(text.as_str()), PATIENCE).await
        };
        match answered.await {
            Ok(_) => latencies.push(begun.elapsed()),
            Err(_) => lost += 1,
        }
        phone.forget();
    }
    (latencies, lost)
}
