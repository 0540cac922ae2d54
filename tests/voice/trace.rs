//! What a process did to files, by its system calls: `strace`, read.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Everything by which bytes or names can get into a file system. A `?` allows for machines without it.
const CALLS: &str = "?open,openat,?openat2,?creat,?open_by_handle_at,write,pwrite64,writev,pwritev,?pwritev2,sendfile,\
    ?copy_file_range,splice,?mkdir,mkdirat,?rename,?renameat,renameat2,?link,linkat,?symlink,symlinkat,?mknod,mknodat,\
    truncate,mmap,?io_uring_setup,execve";

/// A command under observation. Its observer stands aside, so that the process is the command's own.
pub(crate) fn traced(program: &Path, into: &Path) -> Command {
    let there = Command::new("strace").arg("--version").output().is_ok();
    assert!(there, "this proof needs strace: apt-get install strace (or the package manager of your system)");
    let mut command = Command::new("strace");
    command.args([
        "-ff",
        "-D",
        "-y",
        "-xx",
        "-s",
        "4000000",
        "-e",
        &format!("trace={CALLS}"),
        "-e",
        "signal=none",
        "-o",
    ]);
    command.arg(into.join("trace")).arg("--").arg(program);
    command
}

/// What was done to files.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    /// Files and folders that were made, opened for writing or renamed, outside the allowed folder.
    pub(crate) outside: Vec<String>,
    /// Everything that was written into files, wherever they are.
    pub(crate) written: Vec<u8>,
    /// How many calls were read.
    pub(crate) calls: usize,
}

impl Deeds {
    /// Reads the traces of all threads of a process that worked in `cwd`.
    pub(crate) fn read(folder: &Path, cwd: &Path, allowed: &Path) -> Self {
        let mut deeds = Self::default();
        let reader = Reader { cwd, allowed };
        for file in finished(folder) {
            let text = std::fs::read(&file).expect("a readable trace");
            let text = String::from_utf8_lossy(&text);
            let mut executed = 0;
            for line in text.lines() {
                executed += usize::from(line.starts_with("execve("));
                reader.take(line, executed, &mut deeds);
            }
        }
        deeds
    }

    /// Whether any of the secrets was written into a file.
    pub(crate) fn leaked(&self, secrets: &Secrets) -> Vec<String> {
        let mut leaked = Vec::new();
        if self.written.windows(WINDOW).any(|window| secrets.windows.contains(window)) {
            leaked.push("bytes of audio".to_owned());
        }
        for text in &secrets.texts {
            if contains(&self.written, text.as_bytes()) {
                leaked.push(format!("the words {text:?}"));
            }
        }
        leaked
    }
}

pub(crate) fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

/// Bytes that are compared at once.
const WINDOW: usize = 16;

/// What must not reach a file.
#[derive(Default)]
pub(crate) struct Secrets {
    windows: HashSet<Vec<u8>>,
    texts: Vec<String>,
}

impl Secrets {
    /// Audio, packed or not: any twenty-four bytes of it in a row are found.
    pub(crate) fn audio(&mut self, bytes: &[u8]) {
        for window in bytes.windows(WINDOW).step_by(8) {
            // Silence and padding are in many files.
            if window.iter().collect::<HashSet<_>>().len() > WINDOW / 2 {
                self.windows.insert(window.to_vec());
            }
        }
    }

    /// Words that nobody was answered.
    pub(crate) fn words(&mut self, text: &str) {
        self.texts.push(text.to_owned());
    }
}

/// The files of all threads, once the observer has written their last lines.
fn finished(folder: &Path) -> Vec<PathBuf> {
    let begun = Instant::now();
    loop {
        let files: Vec<PathBuf> = std::fs::read_dir(folder)
            .expect("the folder of the trace")
            .map(|entry| entry.expect("readable").path())
            .collect();
        let ended = |file: &PathBuf| {
            let text = std::fs::read(file).unwrap_or_default();
            let tail = &text[text.len().saturating_sub(200)..];
            contains(tail, b"+++ exited with") || contains(tail, b"+++ killed by")
        };
        if !files.is_empty() && files.iter().all(ended) {
            return files;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "the trace never ended");
        std::thread::sleep(Duration::from_millis(20));
    }
}

struct Reader<'a> {
    cwd: &'a Path,
    allowed: &'a Path,
}

impl Reader<'_> {
    fn take(&self, line: &str, executed: usize, deeds: &mut Deeds) {
        let Some((name, rest)) = line.split_once('(') else { return };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else { return };
        deeds.calls += 1;
        if result.starts_with('-') || result.starts_with('?') {
            return;
        }
        match name {
            "open" | "openat" | "openat2" | "creat" | "open_by_handle_at" => {
                let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_TMPFILE"];
                if name == "creat" || writes.iter().any(|flag| arguments.contains(flag)) {
                    self.check(name, bracketed(result).first(), deeds);
                }
            }
            "write" | "pwrite64" | "writev" | "pwritev" | "pwritev2" => {
                let file = bracketed(arguments.split(',').next().unwrap_or_default()).into_iter().next();
                if let Some(file) = file.filter(|file| file.starts_with('/') && !is_device(file)) {
                    self.check(name, Some(&file), deeds);
                    for bytes in &quoted(arguments) {
                        deeds.written.extend(bytes);
                    }
                }
            }
            // Bytes that the trace does not show.
            "sendfile" | "copy_file_range" | "splice"
                if bracketed(arguments).iter().any(|file| file.starts_with('/')) =>
            {
                deeds.outside.push(format!("{name} moves bytes unseen"));
            }
            "mmap" if arguments.contains("PROT_WRITE") && arguments.contains("MAP_SHARED") => {
                if let Some(file) = bracketed(arguments).into_iter().find(|file| file.starts_with('/')) {
                    deeds.outside.push(format!("{file} is written through memory"));
                }
            }
            "io_uring_setup" => deeds.outside.push("writes that a trace cannot see".to_owned()),
            "execve" if executed > 1 => deeds.outside.push(format!("another program: {line:.120}")),
            "mkdir" | "mkdirat" | "rename" | "renameat" | "renameat2" | "link" | "linkat" | "symlink" | "symlinkat"
            | "mknod" | "mknodat" | "truncate" => {
                let folders = bracketed(arguments);
                for path in quoted(arguments) {
                    let path = String::from_utf8_lossy(&path).into_owned();
                    let base = folders.first().filter(|_| name.ends_with("at") || name.ends_with("at2"));
                    let base = base.map_or(self.cwd, Path::new);
                    self.check(name, Some(&base.join(path).to_string_lossy().into_owned()), deeds);
                }
            }
            _ => {}
        }
    }

    fn check(&self, call: &str, path: Option<&String>, deeds: &mut Deeds) {
        let Some(path) = path.filter(|path| !is_device(path)) else { return };
        // `./` and `//` are left out by going through the components.
        let plain: PathBuf = Path::new(path).components().filter(|part| part.as_os_str() != ".").collect();
        let climbs = plain.components().any(|part| part.as_os_str() == "..");
        if climbs || !plain.starts_with(self.allowed) {
            deeds.outside.push(format!("{call} {path}"));
        }
    }
}

fn is_device(path: &str) -> bool {
    path == "/dev/null" || path == "/dev/tty" || path.starts_with("/dev/pts/")
}

/// What stands between `<` and `>`, which in hexadecimal hold neither.
fn bracketed(text: &str) -> Vec<String> {
    let parts = text.split('<').skip(1).filter_map(|part| part.split('>').next());
    parts.map(|part| String::from_utf8_lossy(&decoded(part)).into_owned()).collect()
}

/// What stands between quotation marks.
fn quoted(text: &str) -> Vec<Vec<u8>> {
    text.split('"').skip(1).step_by(2).map(decoded).collect()
}

fn decoded(text: &str) -> Vec<u8> {
    if !text.starts_with("\\x") {
        return text.as_bytes().to_vec();
    }
    text.split("\\x").skip(1).filter_map(|pair| u8::from_str_radix(pair.get(..2)?, 16).ok()).collect()
}

#[test]
fn a_trace_is_read_as_it_is_written() {
    let hex = |text: &str| text.bytes().fold(String::new(), |hex, byte| format!("{hex}\\x{byte:02x}"));
    let reader = Reader { cwd: Path::new("/home"), allowed: Path::new("/home/data") };
    let found = |line: String| {
        let mut deeds = Deeds::default();
        reader.take(&line, 1, &mut deeds);
        (deeds.outside.len(), String::from_utf8(deeds.written).unwrap())
    };
    let nothing = || (0, String::new());
    let open = |path: &str, flags: &str| {
        format!("openat(AT_FDCWD<{}>, \"{}\", {flags}) = 3<{}>", hex("/home"), hex("x"), hex(path))
    };
    assert_eq!(found(open("/home/data/db", "O_RDWR|O_CREAT")), nothing());
    assert_eq!(found(open("/etc/passwd", "O_RDONLY|O_CLOEXEC")), nothing());
    assert_eq!(found(open("/tmp/x", "O_WRONLY|O_CREAT")).0, 1);
    assert_eq!(found(open("/home/database", "O_RDWR")).0, 1, "a name that only begins alike");
    assert_eq!(found(format!("write(3<{}>, \"{}\", 2) = 2", hex("/home/data/db"), hex("hi"))), (0, "hi".to_owned()));
    assert_eq!(found(format!("write(3<{}>, \"{}\", 2) = 2", hex("/tmp/x"), hex("hi"))), (1, "hi".to_owned()));
    assert_eq!(found(format!("write(1<{}>, \"{}\", 2) = 2", hex("pipe:[1]"), hex("hi"))), nothing());
    let vector = format!(
        "writev(3<{}>, [{{iov_base=\"{}\", iov_len=1}}, {{iov_base=\"{}\", iov_len=1}}], 2) = 2",
        hex("/home/data/db"),
        hex("a"),
        hex("b")
    );
    assert_eq!(found(vector), (0, "ab".to_owned()));
    assert_eq!(found(format!("mkdir(\"{}\", 0700) = 0", hex("./data"))), nothing());
    assert_eq!(found(format!("mkdir(\"{}\", 0700) = -1 EEXIST (File exists)", hex("./other"))), nothing());
    assert_eq!(found(format!("rename(\"{}\", \"{}\") = 0", hex("./data/a"), hex("/tmp/a"))).0, 1);
    assert_eq!(found(format!("rename(\"{}\", \"{}\") = 0", hex("data/../a"), hex("data/b"))).0, 1);
    assert_eq!(
        found(format!("mmap(NULL, 8, PROT_READ|PROT_WRITE, MAP_SHARED, 3<{}>, 0) = 0x7f", hex("/home/data/db"))).0,
        1
    );
    assert_eq!(
        found("mmap(NULL, 8, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f".to_owned()),
        nothing()
    );
}
