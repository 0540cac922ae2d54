//! Sends the traces of this process to a collector that speaks OTLP over HTTP, in protobuf.
//!
//! A trace is one turn, one send or one request: spans with the ids that are in the log too, how long each took, and what was
//! logged on the way. They hold no text of a message and no secret; the filter of the log decides how much is in them.
//!
//! The standard variables set the rest: `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`), `OTEL_EXPORTER_OTLP_HEADERS`,
//! `OTEL_EXPORTER_OTLP_TIMEOUT` and `OTEL_RESOURCE_ATTRIBUTES`, where the configuration does not.
//!
//! | module | holds |
//! |---|---|
//! | `client` | HTTP, on the threads of the program |
//! | `limits` | every limit, with its unit and its reason |
#![warn(missing_docs)]

mod client;
pub mod limits;

use client::OnRuntime;
use limits::{EXPORT_TIMEOUT, SPANS_WAITING_MAX};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanLimits, Tracer};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

/// Where traces go.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The address of the collector for traces, such as `http://127.0.0.1:4318/v1/traces`; `None` leaves it to the variables.
    pub endpoint: Option<String>,
    /// The program's version, as it is told to the collector.
    pub version: String,
}

impl Options {
    /// The defaults.
    pub fn new(version: impl Into<String>) -> Self {
        Self { endpoint: None, version: version.into() }
    }
}

/// Why no traces can be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// The address cannot be used.
    #[error("{endpoint:?} is not an address such as http://127.0.0.1:4318/v1/traces")]
    Endpoint {
        /// The address.
        endpoint: String,
    },
    /// There is no HTTP on this machine.
    #[error("traces cannot be sent: {reason}")]
    Setup {
        /// Why.
        reason: String,
    },
}

/// What sends. Call [`Sending::end`] last, or the latest spans are lost.
pub struct Sending(SdkTracerProvider);

impl Sending {
    /// Sends what is left, and ends. Waits for the collector within a limit, so it must not be called on a thread that the
    /// runtime needs.
    pub fn end(&self) {
        // What the collector does not take is gone; nothing depends on it.
        let _ = self.0.shutdown_with_timeout(EXPORT_TIMEOUT);
    }
}

/// What makes spans of what is logged.
pub type Layer<S> = OpenTelemetryLayer<S, Tracer>;

/// The layer that makes spans of what is logged, and what sends them. Must be called inside a tokio runtime.
pub fn layer<S>(options: Options) -> Result<(Layer<S>, Sending), OtlpError>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if let Some(endpoint) = options.endpoint.clone().filter(|endpoint| !is_address(endpoint)) {
        return Err(OtlpError::Endpoint { endpoint });
    }
    let client = OnRuntime::new().map_err(|reason| OtlpError::Setup { reason })?;
    let exporter = SpanExporter::builder().with_http().with_http_client(client).with_protocol(Protocol::HttpBinary);
    let exporter = match options.endpoint {
        Some(endpoint) => exporter.with_endpoint(endpoint),
        None => exporter,
    };
    let exporter = exporter.build().map_err(|error| OtlpError::Setup { reason: error.to_string() })?;
    // What a collector that is away cannot take is dropped, not kept: traces are no record.
    let batches = BatchConfigBuilder::default().with_max_queue_size(SPANS_WAITING_MAX).build();
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
    let resource = Resource::builder()
        .with_service_name("greenroom")
        .with_attribute(opentelemetry::KeyValue::new("service.version", options.version))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_resource(resource)
        .with_span_limits(SpanLimits { max_events_per_span: limits::EVENTS_PER_SPAN_MAX, ..SpanLimits::default() })
        .build();
    let tracer = provider.tracer("greenroom");
    Ok((tracing_opentelemetry::layer().with_tracer(tracer), Sending(provider)))
}

fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
