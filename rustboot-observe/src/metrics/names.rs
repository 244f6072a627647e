//! The name of every metric that Rustboot itself reports, with kind, unit and help text: the list that dashboards
//! depend on. A name in it is fixed; one whose part is not there yet is not reported, and says so here.
//!
//! OpenTelemetry's semantic conventions in Prometheus' spelling where there is one. Metrics of the application do not
//! belong here.

use ::metrics::Unit;

/// What a metric is, in the words of the Prometheus text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Only grows, until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One row of [`ALL`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Metric {
    /// The name, as in `/metrics`.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// In what it is measured.
    pub unit: Unit,
    /// What it tells, in a sentence.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident = $kind:ident $name:literal $unit:ident $help:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $help)]
            pub const $constant: &str = $name;
        )*

        /// All of them.
        pub const ALL: &[Metric] = &[
            $(Metric { name: $name, kind: Kind::$kind, unit: Unit::$unit, help: $help },)*
        ];
    };
}

metrics! {
    HTTP_SERVER_REQUEST_DURATION = Histogram "http_server_request_duration_seconds" Seconds
        "Duration of HTTP requests that were served, by method, route and status.";
    HTTP_SERVER_ACTIVE_REQUESTS = Gauge "http_server_active_requests" Count
        "HTTP requests being served now.";
    HTTP_SERVER_CONNECTIONS = Gauge "http_server_connections" Count
        "Connections open now.";
    HTTP_SERVER_OPEN_STREAMS = Gauge "http_server_open_streams" Count
        "Event streams and WebSockets open now, by kind.";
    HTTP_SERVER_STREAMS_REFUSED = Counter "http_server_streams_refused_total" Count
        "Event streams and WebSockets refused with 503 because too many were open, by kind.";
    HTTP_SERVER_STREAMS_CUT = Counter "http_server_streams_cut_total" Count
        "Event streams and WebSockets ended from this side before their time, by kind and reason.";
    HTTP_SERVER_WRITE_TIMEOUTS = Counter "http_server_write_timeouts_total" Count
        "Connections, and streams of HTTP/2, closed because the client did not read.";
    HTTP_REQUESTS_SHED = Counter "http_requests_shed_total" Count
        "HTTP requests refused with 503 because too many were in flight.";
    HTTP_ROUTE_REQUESTS_SHED = Counter "http_route_requests_shed_total" Count
        "HTTP requests refused with 503 because too many were in flight for their route or group.";
    TLS_HANDSHAKE_FAILURES = Counter "tls_handshake_failures_total" Count
        "Connections that ended before their TLS handshake did.";
    TLS_CERTIFICATE_EXPIRY = Gauge "tls_certificate_expiry_timestamp_seconds" Seconds
        "When the certificate in use expires, in seconds since 1970.";
    TLS_CERTIFICATE_RELOADS = Counter "tls_certificate_reloads_total" Count
        "Changed certificates that were taken, and that could not be, by outcome.";
    // For the client of other services, which is not there yet: nobody records it until then.
    HTTP_CLIENT_REQUEST_DURATION = Histogram "http_client_request_duration_seconds" Seconds
        "Duration of HTTP requests made to other services.";
    DB_CLIENT_OPERATION_DURATION = Histogram "db_client_operation_duration_seconds" Seconds
        "Duration of database operations.";
    DB_CLIENT_CONNECTION_COUNT = Gauge "db_client_connection_count" Count
        "Connections of a database pool, by state.";
    DB_CLIENT_CONNECTION_WAIT_TIME = Histogram "db_client_connection_wait_time_seconds" Seconds
        "Time spent waiting for a connection of a database pool.";
    CACHE_HITS = Counter "cache_hits_total" Count
        "Values that were in a cache, by tier and state (fresh, or stale and being loaded anew).";
    CACHE_MISSES = Counter "cache_misses_total" Count
        "Keys that had no value in a cache.";
    CACHE_LOAD_DURATION = Histogram "cache_load_duration_seconds" Seconds
        "Duration of the loads of a cache, by outcome (success, error, timeout, panic).";
    CACHE_EVICTIONS = Counter "cache_evictions_total" Count
        "Values that a cache gave up, by cause (size, expired).";
    CACHE_REFUSED = Counter "cache_refused_total" Count
        "Keys too long, and values that cannot be written or are too large for Redis, so that they were not kept, by reason.";
    CACHE_UNDECODABLE = Counter "cache_undecodable_total" Count
        "Values in Redis that another version of the application wrote, and that were loaded anew.";
    CACHE_REDIS_ERRORS = Counter "cache_redis_errors_total" Count
        "Attempts of a cache to use Redis that failed, by operation (read, write, remove, publish).";
    CACHE_ENTRIES = Gauge "cache_entries" Count
        "Values in the memory of a cache.";
    REDIS_OPERATION_DURATION = Histogram "redis_operation_duration_seconds" Seconds
        "Duration of Redis commands, by operation.";
    REDIS_ERRORS = Counter "redis_errors_total" Count
        "Redis commands without an answer, by kind: timeout, connection lost, refused because Redis was down or too many were under way.";
    REDIS_CONNECTED = Gauge "redis_connected" Count
        "1 while there is a connection for everyday commands, else 0.";
    REDIS_RECONNECTS = Counter "redis_reconnects_total" Count
        "Connections for everyday commands that were lost and made again.";
    REDIS_IN_FLIGHT = Gauge "redis_commands_in_flight" Count
        "Everyday commands that wait for their answer.";
    REDIS_CONNECTIONS = Gauge "redis_connections" Count
        "Connections of the pool for commands that need one of their own, by state.";
    REDIS_CONNECTION_WAIT_TIME = Histogram "redis_connection_wait_time_seconds" Seconds
        "Time spent waiting for a connection of that pool.";
    LOCK_WAIT_TIME = Histogram "lock_wait_time_seconds" Seconds
        "Time spent waiting for a lock, by outcome: acquired, busy, error.";
    LOCKS_HELD = Gauge "locks_held" Count
        "Locks that this process holds.";
    LOCKS_LOST = Counter "locks_lost_total" Count
        "Locks that were lost before they were given back.";
    PUBSUB_PUBLISHED = Counter "pubsub_published_total" Count
        "Messages that this process published.";
    PUBSUB_RECEIVED = Counter "pubsub_received_total" Count
        "Messages that this process received and somebody listened to.";
    PUBSUB_LOST = Counter "pubsub_lost_total" Count
        "Messages that a subscriber lost because too many waited for him.";
    PUBSUB_INTERRUPTIONS = Counter "pubsub_interruptions_total" Count
        "Connections of the subscriptions that were lost.";
    PUBSUB_SUBSCRIPTIONS = Gauge "pubsub_subscriptions" Count
        "Subscriptions in this process.";
    SCHEDULED_TASK_DURATION = Histogram "scheduled_task_duration_seconds" Seconds
        "Duration of the runs of scheduled tasks.";
    SCHEDULED_TASK_LEADER = Gauge "scheduled_task_leader" Count
        "Whether this replica runs a scheduled task that runs on one replica only.";
    SCHEDULED_TASK_LEASE_LOST = Counter "scheduled_task_lease_lost_total" Count
        "How often this replica ran a task and lost its lease: the store forgot it or was away for too long.";
    SCHEDULED_TASK_RUNNING = Gauge "scheduled_task_running" Count
        "Runs of a scheduled task that are under way.";
    SCHEDULED_TASK_SKIPPED = Counter "scheduled_task_skipped_total" Count
        "Runs of a scheduled task that were skipped because the one before was not over.";
    LOG_EVENTS = Counter "log_events_total" Count
        "Log lines written, access lines included, by level.";
    LOG_LINES_LOST = Counter "log_lines_lost_total" Count
        "Log lines dropped because the sink did not keep up.";
    LOG_WRITE_ERRORS = Counter "log_write_errors_total" Count
        "Failed attempts to write to the sink of the log.";
    PANICS = Counter "panics_total" Count
        "Panics, in handlers, tasks and elsewhere.";
    APP_INFO = Gauge "app_info" Count
        "Always 1; name, version and profile are in the labels.";
    APP_READY = Gauge "app_ready" Count
        "1 while the app is ready to serve, else 0.";
    PROCESS_CPU_SECONDS = Counter "process_cpu_seconds_total" Seconds
        "CPU time spent, user and system.";
    PROCESS_RESIDENT_MEMORY = Gauge "process_resident_memory_bytes" Bytes
        "Resident memory.";
    PROCESS_VIRTUAL_MEMORY = Gauge "process_virtual_memory_bytes" Bytes
        "Virtual memory.";
    PROCESS_OPEN_FDS = Gauge "process_open_fds" Count
        "Open file descriptors.";
    PROCESS_MAX_FDS = Gauge "process_max_fds" Count
        "Limit of open file descriptors.";
    PROCESS_THREADS = Gauge "process_threads" Count
        "Threads of the operating system.";
    PROCESS_START_TIME = Gauge "process_start_time_seconds" Seconds
        "When the process started, in seconds since 1970.";
    TOKIO_WORKERS = Gauge "tokio_workers" Count
        "Worker threads of the runtime.";
    TOKIO_ALIVE_TASKS = Gauge "tokio_alive_tasks" Count
        "Tasks that have not ended.";
    TOKIO_GLOBAL_QUEUE_DEPTH = Gauge "tokio_global_queue_depth" Count
        "Tasks waiting in the runtime's global queue.";
    TOKIO_WORKER_BUSY_SECONDS = Counter "tokio_worker_busy_seconds_total" Seconds
        "Time that a worker was busy.";
    TOKIO_WORKER_PARKS = Counter "tokio_worker_parks_total" Count
        "How often a worker found nothing to do and went to sleep.";
}

/// Tells the process's recorder what the metrics mean. [`Metrics::install`](super::Metrics::install) has done so.
pub fn describe() {
    for metric in ALL {
        match metric.kind {
            Kind::Counter => ::metrics::describe_counter!(metric.name, metric.unit, metric.help),
            Kind::Gauge => ::metrics::describe_gauge!(metric.name, metric.unit, metric.help),
            Kind::Histogram => {
                ::metrics::describe_histogram!(metric.name, metric.unit, metric.help);
            }
        }
    }
}

/// The row of a name.
pub(super) fn find(name: &str) -> Option<&'static Metric> {
    ALL.iter().find(|metric| metric.name == name)
}
