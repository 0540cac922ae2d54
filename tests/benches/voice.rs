//! Benchmarks of hearing: `cargo bench --package greenroom-transcription --bench voice [-- NAME…]`.
//!
//! | name | measures |
//! |---|---|
//! | `decode` | Ogg/Opus to samples, and samples to Ogg/Opus, against real time, on one core |
//! | `native` | notes heard through this crate, and through a small C++ program over the same built library |
//! | `memory` | what a note of a minute takes above the model and the library's own state |
//! | `model` | ten seconds with another model: `GREENROOM_BENCH_MODEL=/path/to/ggml-base.bin` |
//!
//! Nothing here is a test: a slow machine fails nothing.

use greenroom_contract::message::Media;
use greenroom_contract::transcriber::{Abort, Transcriber};
use greenroom_transcription::decode::decode;
use greenroom_transcription::encode::{MIME, encode};
use greenroom_transcription::sound::{RATE_HZ, Sound};
use greenroom_transcription::{Options, Whisper};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_secs(300);
const NOTES: usize = 10;
/// Turns that the two sides take, one after the other, so that both see the same weather.
const ROUNDS: usize = 11;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with("--")).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    println!("| what | wanted | figure |\n|---|---|---|");
    if wanted("decode") {
        decoding();
    }
    if wanted("native") {
        native();
    }
    if wanted("memory") {
        memory();
    }
    if let Some(model) = std::env::var_os("GREENROOM_BENCH_MODEL").filter(|_| wanted("model")) {
        other_model(Path::new(&model));
    }
}

fn row(what: &str, wanted: &str, figure: &str) {
    println!("| {what} | {wanted} | {figure} |");
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/voice").join(name)
}

fn media(bytes: Vec<u8>) -> Media {
    Media { mime: MIME.to_owned(), bytes: bytes.into() }
}

fn note(number: usize) -> Media {
    media(std::fs::read(fixture(&format!("samples/note-{number:02}.ogg"))).expect("a recording"))
}

fn sound_of(audio: &Media) -> Sound {
    decode(audio, LONGEST, &Abort::default()).expect("a whole recording")
}

/// Speech of at least that length: the notes one after another.
fn speech(length: Duration) -> Sound {
    let mut speech = Sound::default();
    for number in (1..=NOTES).cycle() {
        speech.extend(sound_of(&note(number)).samples());
        if speech.duration() >= length {
            break;
        }
    }
    speech.trim(0, length.as_secs() as usize * RATE_HZ as usize);
    speech
}

/// The middle one of several measurements.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn timed(times: usize, mut work: impl FnMut()) -> f64 {
    let measure = |_| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64()
    };
    median((0..times).map(measure).collect())
}

fn decoding() {
    let minutes = speech(Duration::from_secs(120));
    let packed = media(encode(&minutes, &Abort::default()).expect("it can be encoded").to_vec());
    let seconds = minutes.duration().as_secs_f64();
    let took = timed(7, || drop(sound_of(&packed)));
    row("Ogg/Opus to 16 kHz mono, packets of 20 ms", "≥ 300 × real time", &format!("{:.0} ×", seconds / took));
    let notes: Vec<Media> = (1..=NOTES).map(note).collect();
    let seconds: f64 = notes.iter().map(|note| sound_of(note).duration().as_secs_f64()).sum();
    let took = timed(15, || notes.iter().for_each(|note| drop(sound_of(note))));
    row("the ten recorded notes", "≥ 300 × real time", &format!("{:.0} ×", seconds / took));
    let seconds = minutes.duration().as_secs_f64();
    let took = timed(3, || drop(encode(&minutes, &Abort::default())));
    row("16 kHz mono to Ogg/Opus", "", &format!("{:.0} ×", seconds / took));
}

/// Milliseconds of each note, through the C++ program; all notes twice, of which the second time counts.
fn through_cpp(program: &Path, files: &[PathBuf]) -> Vec<f64> {
    let output = Command::new(program).arg(fixture("ggml-micro.en.bin")).args(files).args(files).output();
    let output = output.expect("it was built");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let time = |line: &str| line.split('\t').nth(1).and_then(|time| time.parse().ok());
    let times: Vec<f64> = text.lines().map(|line| time(line).expect("a line of the program")).collect();
    assert_eq!(times.len(), files.len() * 2, "{text}");
    times[files.len()..].to_vec()
}

/// The newest build of the library that belongs to this program.
fn library() -> PathBuf {
    let own = std::env::current_exe().expect("a program knows its path");
    let build = own.parent().and_then(Path::parent).expect("target/PROFILE/deps").join("build");
    let entries = std::fs::read_dir(build).expect("cargo made it").map(|entry| entry.expect("readable").path());
    let libraries = entries.map(|path| path.join("out")).filter(|out| out.join("lib/libwhisper.a").exists());
    let newest = libraries.max_by_key(|out| out.metadata().and_then(|found| found.modified()).ok());
    newest.expect("the library was built for this program")
}

fn native() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("transcribe");
    let out = library();
    let mut compiler = Command::new("c++");
    compiler.args(["-O3", "-std=c++17", "-o"]).arg(&program).arg(fixture("train/transcribe.cpp"));
    compiler.arg("-I").arg(out.join("include")).arg("-L").arg(out.join("lib"));
    compiler.args(["-lwhisper", "-lggml", "-lggml-cpu", "-lggml-base", "-lpthread", "-ldl"]);
    assert!(compiler.status().expect("a C++ compiler").success(), "{compiler:?}");

    let notes: Vec<Media> = (1..=NOTES).map(note).collect();
    let raw = |(number, note): (usize, &Media)| {
        let path = folder.path().join(format!("{number}.s16"));
        let bytes: Vec<u8> =
            sound_of(note).samples().iter().flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes()).collect();
        std::fs::write(&path, bytes).expect("a writable folder");
        path
    };
    let files: Vec<PathBuf> = notes.iter().enumerate().map(raw).collect();
    let whisper = Whisper::open(Options::new(fixture("ggml-micro.en.bin"))).expect("a whole model");
    whisper.load().expect("it loads");
    let hear = |note: &Media| {
        let begun = Instant::now();
        drop(whisper.transcribe(note, &Abort::default()).expect("it is heard"));
        begun.elapsed().as_secs_f64() * 1_000.0
    };
    for note in &notes {
        hear(note);
    }
    let (mut theirs, mut ours) = (vec![Vec::new(); NOTES], vec![Vec::new(); NOTES]);
    for _ in 0..ROUNDS {
        for (note, time) in through_cpp(&program, &files).into_iter().enumerate() {
            theirs[note].push(time);
        }
        for (number, note) in notes.iter().enumerate() {
            ours[number].push(hear(note));
        }
    }
    // The middle of the rounds shows what one gets, the best of them what is left without other load.
    let best = |times: Vec<f64>| times.into_iter().fold(f64::INFINITY, f64::min);
    for (word, pick) in [("middle", median as fn(Vec<f64>) -> f64), ("best", best)] {
        let mean = |side: &[Vec<f64>]| side.iter().cloned().map(pick).sum::<f64>() / NOTES as f64;
        let (cpp, own) = (mean(&theirs), mean(&ours));
        let rounds = format!("{word} of {ROUNDS} rounds");
        row(&format!("a note, decoded before, by C++ over the same library, {rounds}"), "", &format!("{cpp:.1} ms"));
        let figure = format!("{own:.1} ms = {:.3} ×", own / cpp);
        row(&format!("the same, decoding included, through this crate, {rounds}"), "≤ 1.05 ×", &figure);
    }
}

fn memory() {
    let status = |name: &str| -> u64 {
        let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    let note = {
        let minute = speech(Duration::from_secs(60));
        media(encode(&minute, &Abort::default()).expect("it can be encoded").to_vec())
    };
    let whisper = Whisper::open(Options::new(fixture("ggml-micro.en.bin"))).expect("a whole model");
    // The state comes into being with the first note.
    let short = speech(Duration::from_secs(2));
    whisper.hear(&short, &Abort::default()).expect("it is heard");
    drop(short);
    let before = status("VmRSS");
    if std::fs::write("/proc/self/clear_refs", "5").is_err() || before == 0 {
        return row("memory of a note of a minute", "≤ 40 MiB", "cannot be measured on this system");
    }
    let heard = whisper.transcribe(&note, &Abort::default()).expect("it is heard");
    assert_eq!(heard.duration.as_secs(), 60);
    let above = (status("VmHWM").saturating_sub(before)) as f64 / 1_024.0;
    row("memory of a note of a minute, above model and state", "≤ 40 MiB", &format!("{above:.1} MiB"));
}

fn other_model(model: &Path) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let ten = speech(Duration::from_secs(10));
    for threads in [1, cores as u32] {
        let options = Options { threads, language: Some("en".to_owned()), ..Options::new(model) };
        let whisper = Whisper::open(options).expect("a whole model");
        whisper.load().expect("it loads");
        let took = timed(3, || drop(whisper.hear(&ten, &Abort::default()).expect("it is heard")));
        let what = format!("10 s with {}, {threads} thread(s)", model.file_name().unwrap_or_default().display());
        row(&what, "≤ 3 s on 2 cores", &format!("{took:.2} s"));
    }
}
