//! Pebble, with a DNS of its own that leads every name to this machine.

use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::{ClientConfig, RootCertStore};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// A running authority. It ends with this value.
pub(super) struct Authority {
    folder: TempDir,
    children: Mutex<Vec<Child>>,
    port: u16,
    management_port: u16,
    /// Who signed the certificate of its own pages.
    pages_root: String,
}

/// Whether the programs are installed.
pub(super) fn is_there() -> bool {
    ["pebble", "pebble-challtestsrv"].iter().all(|program| {
        let started = Command::new(program).arg("-help").stdout(Stdio::null()).stderr(Stdio::null()).status();
        started.is_ok()
    })
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Authority {
    /// It asks for proof at this port.
    pub(super) async fn start(tls_port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pages_root = write_pages_certificate(folder.path());
        let [port, management_port, dns_port] = std::array::from_fn(|_| free_port());
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management_port}"),
            "certificate": path("pages.pem"),
            "privateKey": path("pages.key"),
            "httpPort": free_port(),
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        std::fs::write(path("config.json"), config.to_string()).unwrap();
        let dns = format!("127.0.0.1:{dns_port}");
        let names = Command::new("pebble-challtestsrv")
            .args(["-dns01", &dns, "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-management", &format!("127.0.0.1:{}", free_port())])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pages = Command::new("pebble")
            .args(["-config", &path("config.json"), "-dnsserver", &dns])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let authority = Self { folder, children: Mutex::new(vec![names, pages]), port, management_port, pages_root };
        authority.until_there().await;
        authority
    }

    async fn until_there(&self) {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        let there = async {
            while self.page(&self.directory()).await.is_err() {
                pause.tick().await;
            }
        };
        tokio::time::timeout(super::PATIENCE, there).await.expect("the authority answers");
    }

    pub(super) fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// Who signs the certificates that it gives out.
    pub(super) async fn root(&self) -> String {
        self.page(&format!("https://localhost:{}/roots/0", self.management_port)).await.unwrap()
    }

    async fn page(&self, address: &str) -> Result<String, reqwest::Error> {
        let trusted = reqwest::Certificate::from_pem(self.pages_root.as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([trusted]).no_proxy().build().unwrap();
        client.get(address).send().await?.text().await
    }

    /// A client that trusts its pages.
    pub(super) fn client_config(&self) -> Arc<ClientConfig> {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pages_root.as_bytes()).unwrap()).unwrap();
        Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    }

    pub(super) async fn stop(&self) {
        for mut child in self.children.lock().unwrap().drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
        assert!(self.page(&self.directory()).await.is_err());
        assert!(self.folder.path().exists());
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        for mut child in self.children.lock().unwrap().drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A certificate for its own pages, and who signed it.
fn write_pages_certificate(folder: &std::path::Path) -> String {
    let mut root = CertificateParams::new(Vec::<String>::new()).unwrap();
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().unwrap();
    let signed_root = root.self_signed(&root_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let pages = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let pages = pages.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
    std::fs::write(folder.join("pages.pem"), pages.pem()).unwrap();
    std::fs::write(folder.join("pages.key"), key.serialize_pem()).unwrap();
    signed_root.pem()
}
