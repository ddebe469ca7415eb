extension SchemaIgnored {
    /// What is monitored, how and for whom, beside what a client uses.
    static let monitoring: [IgnoredType] = [
        IgnoredType(
            "ApiUser",
            texts: "client_cn password password_hash",
            arrays: "permissions"
        ),
        IgnoredType(
            "Comment",
            texts: "author host_name removed_by service_name text",
            numbers: "entry_time entry_type expire_time legacy_id persistent remove_time sticky"
        ),
        IgnoredType(
            "Downtime",
            texts: "author authoritative_zone comment config_owner config_owner_hash host_name "
                + "parent removed_by scheduled_by service_name triggered_by",
            numbers: "duration end_time entry_time fixed legacy_id remove_time start_time "
                + "trigger_time was_cancelled",
            arrays: "triggers"
        ),
        IgnoredType(
            "Endpoint",
            texts: "host port",
            numbers: "bytes_received_per_second bytes_sent_per_second capabilities connected "
                + "connecting icinga_version last_message_received last_message_sent "
                + "local_log_position log_duration messages_received_per_second "
                + "messages_sent_per_second remote_log_position seconds_processing_messages "
                + "syncing",
            dictionaries: "messages_received_per_type"
        ),
        command("EventCommand"),
        IgnoredType(
            "Notification",
            texts: "command command_endpoint host_name period service_name",
            numbers: "interval last_notification last_problem_notification next_notification "
                + "no_more_notifications notification_number state_filter_real "
                + "suppressed_notifications type_filter_real",
            arrays: "notified_problem_users stashed_notifications states types user_groups users",
            dictionaries: "last_notified_state_per_user times vars"
        ),
        command("NotificationCommand"),
        IgnoredType(
            "ScheduledDowntime",
            texts: "author child_options comment host_name service_name",
            numbers: "duration fixed",
            dictionaries: "ranges vars"
        ),
        IgnoredType(
            "User",
            texts: "display_name email pager period",
            numbers: "enable_notifications last_notification state_filter_real type_filter_real",
            arrays: "groups states types",
            dictionaries: "vars"
        ),
        IgnoredType("UserGroup", texts: "display_name", arrays: "groups", dictionaries: "vars"),
        IgnoredType("Zone", texts: "parent", numbers: "global", arrays: "all_parents endpoints"),
    ]

    /// What an Icinga does beside monitoring: its API, logs, databases and writers.
    static let features: [IgnoredType] = services + databases + loggers + writers

    private static func command(_ name: String) -> IgnoredType {
        IgnoredType(
            name,
            numbers: "timeout",
            values: "arguments command",
            dictionaries: "env vars",
            functions: "execute"
        )
    }

    private static let services: [IgnoredType] = [
        IgnoredType(
            "ApiListener",
            texts: "access_control_allow_headers access_control_allow_methods bind_host "
                + "bind_port ca_path cert_path cipher_list crl_path identity key_path "
                + "ticket_salt tls_protocolmin",
            numbers: "accept_commands accept_config access_control_allow_credentials "
                + "connect_timeout enforce_filter_expression_permission log_message_timestamp "
                + "max_anonymous_clients tls_handshake_timeout",
            arrays: "access_control_allow_origin",
            dictionaries: "deleted_runtime_objects http_response_headers "
                + "last_failed_zones_stage_validation"
        ),
        IgnoredType("CheckResultReader", texts: "spool_dir"),
        IgnoredType("CheckerComponent", numbers: "concurrent_checks"),
        IgnoredType("ExternalCommandListener", texts: "command_path"),
        IgnoredType(
            "IcingaApplication",
            texts: "environment",
            numbers: "enable_event_handlers enable_flapping enable_host_checks "
                + "enable_notifications enable_perfdata enable_service_checks",
            dictionaries: "vars"
        ),
        IgnoredType(
            "LivestatusListener",
            texts: "bind_host bind_port compat_log_path socket_path socket_type"
        ),
        IgnoredType("NotificationComponent", numbers: "enable_ha"),
        IgnoredType(
            "StatusDataWriter", texts: "objects_path status_path", numbers: "update_interval"),
    ]

    private static let databases: [IgnoredType] = [
        IgnoredType(
            "IcingaDB",
            texts: "ca_path cert_path cipher_list crl_path environment_id host key_path password "
                + "path tls_protocolmin username",
            numbers: "connect_timeout db_index enable_tls insecure_noverify lastdump_end "
                + "lastdump_took ongoing_dump_start port"
        ),
        IgnoredType(
            "IdoMysqlConnection",
            texts: "database host instance_description instance_name password schema_version "
                + "socket_path ssl_ca ssl_capath ssl_cert ssl_cipher ssl_key table_prefix user",
            numbers: "categories_filter_real connected enable_ha enable_ssl failover_timeout "
                + "last_failover port should_connect",
            arrays: "categories",
            dictionaries: "cleanup"
        ),
        IgnoredType(
            "IdoPgsqlConnection",
            texts: "database host instance_description instance_name password port "
                + "schema_version ssl_ca ssl_cert ssl_key ssl_mode table_prefix user",
            numbers: "categories_filter_real connected enable_ha failover_timeout last_failover "
                + "should_connect",
            arrays: "categories",
            dictionaries: "cleanup"
        ),
    ]

    private static let loggers: [IgnoredType] = [
        IgnoredType("CompatLogger", texts: "log_dir rotation_method"),
        IgnoredType("FileLogger", texts: "path severity"),
        IgnoredType("JournaldLogger", texts: "facility identifier severity"),
        IgnoredType("SyslogLogger", texts: "facility severity"),
        IgnoredType("WindowsEventLogLogger", texts: "severity"),
    ]

    private static let writers: [IgnoredType] = [
        IgnoredType(
            "ElasticsearchWriter",
            texts: "ca_path cert_path host index key_path password port username",
            numbers: "disconnect_timeout enable_ha enable_send_perfdata enable_tls "
                + "flush_interval flush_threshold insecure_noverify",
            dictionaries: "host_tags_template service_tags_template"
        ),
        IgnoredType(
            "GelfWriter",
            texts: "ca_path cert_path host key_path port source",
            numbers: "connected disconnect_timeout enable_ha enable_send_perfdata enable_tls "
                + "insecure_noverify should_connect"
        ),
        IgnoredType(
            "GraphiteWriter",
            texts: "host host_name_template port service_name_template",
            numbers: "connected disconnect_timeout enable_ha enable_send_metadata "
                + "enable_send_thresholds should_connect"
        ),
        IgnoredType(
            "Influxdb2Writer",
            texts: "auth_token bucket host organization port ssl_ca_cert ssl_cert ssl_key",
            numbers: influxNumbers,
            dictionaries: "host_template service_template"
        ),
        IgnoredType(
            "InfluxdbWriter",
            texts: "database host password port ssl_ca_cert ssl_cert ssl_key username",
            numbers: influxNumbers,
            dictionaries: "basic_auth host_template service_template"
        ),
        IgnoredType(
            "OTLPMetricsWriter",
            texts: "host metrics_endpoint service_namespace tls_ca_file tls_cert_file "
                + "tls_key_file",
            numbers: "disconnect_timeout enable_ha enable_send_thresholds enable_tls "
                + "flush_interval flush_threshold port tls_insecure_noverify",
            dictionaries: "basic_auth host_resource_attributes service_resource_attributes"
        ),
        IgnoredType(
            "OpenTsdbWriter",
            texts: "host port",
            numbers: "connected disconnect_timeout enable_generic_metrics enable_ha "
                + "should_connect",
            dictionaries: "host_template service_template"
        ),
        IgnoredType(
            "PerfdataWriter",
            texts: "host_format_template host_perfdata_path host_temp_path "
                + "service_format_template service_perfdata_path service_temp_path",
            numbers: "enable_ha rotation_interval"
        ),
    ]

    private static let influxNumbers =
        "disconnect_timeout enable_ha enable_send_metadata enable_send_thresholds "
        + "flush_interval flush_threshold ssl_enable ssl_insecure_noverify"
}
