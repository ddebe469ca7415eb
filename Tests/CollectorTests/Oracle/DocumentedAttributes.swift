/// The attributes that Icinga's documentation lists, by type, those that it only keeps included.
///
/// - Source: Icinga 2 documentation, "Object Types", 2.13 and 2.16. Left out are `environment` of
///   ApiListener and a misspelt `diconnect_timeout`, which Icinga refuses.
enum DocumentedAttributes {
    /// Of objects of every type.
    static let common = "active original_attributes package paused version zone"

    /// Of one type each, with blanks between them.
    static let byType: [String: String] = [
        "ApiListener":
            "accept_commands accept_config access_control_allow_credentials "
            + "access_control_allow_headers access_control_allow_methods "
            + "access_control_allow_origin bind_host bind_port ca_path cert_path cipher_list "
            + "connect_timeout crl_path enforce_filter_expression_permission "
            + "http_response_headers key_path max_anonymous_clients ticket_salt "
            + "tls_handshake_timeout tls_protocolmin",
        "ApiUser": "client_cn password permissions",
        "CheckCommand": "arguments command env timeout vars",
        "CheckResultReader": "spool_dir",
        "CheckerComponent": "concurrent_checks",
        "Comment":
            "author entry_time entry_type expire_time host_name persistent service_name "
            + "text",
        "CompatLogger": "log_dir rotation_method",
        "Dependency":
            "child_host_name child_service_name disable_checks disable_notifications "
            + "ignore_soft_states parent_host_name parent_service_name period "
            + "redundancy_group states",
        "Downtime":
            "author comment duration end_time entry_time fixed host_name service_name "
            + "start_time trigger_time triggered_by triggers",
        "ElasticsearchWriter":
            "ca_path cert_path enable_ha enable_send_perfdata enable_tls flush_interval "
            + "flush_threshold host host_tags_template index insecure_noverify key_path "
            + "password port service_tags_template username",
        "Endpoint": "host log_duration port",
        "EventCommand": "arguments command env timeout vars",
        "ExternalCommandListener": "command_path",
        "FileLogger": "path severity",
        "GelfWriter":
            "ca_path cert_path enable_ha enable_send_perfdata enable_tls host "
            + "insecure_noverify key_path port source",
        "GraphiteWriter":
            "enable_ha enable_send_metadata enable_send_thresholds host host_name_template "
            + "port service_name_template",
        "Host":
            "acknowledgement acknowledgement_expiry action_url address address6 "
            + "check_attempt check_command check_interval check_period check_timeout "
            + "command_endpoint display_name downtime_depth enable_active_checks "
            + "enable_event_handler enable_flapping enable_notifications "
            + "enable_passive_checks enable_perfdata event_command flapping flapping_current "
            + "flapping_ignore_states flapping_last_change flapping_threshold_high "
            + "flapping_threshold_low groups handled icon_image icon_image_alt last_check "
            + "last_check_result last_hard_state last_hard_state_change last_reachable "
            + "last_state last_state_change last_state_down last_state_type "
            + "last_state_unreachable last_state_up max_check_attempts next_check next_update "
            + "notes notes_url previous_state_change problem retry_interval severity state "
            + "state_type vars volatile zone",
        "HostGroup": "display_name groups",
        "IcingaApplication":
            "enable_event_handlers enable_flapping enable_host_checks enable_notifications "
            + "enable_perfdata enable_service_checks environment vars",
        "IcingaDB":
            "ca_path cert_path cipher_list connect_timeout crl_path db_index enable_tls "
            + "host insecure_noverify key_path password path port tls_protocolmin username",
        "IdoMysqlConnection":
            "categories cleanup database enable_ha enable_ssl failover_timeout host "
            + "instance_description instance_name last_failover password port socket_path "
            + "ssl_ca ssl_capath ssl_cert ssl_cipher ssl_key table_prefix user",
        "IdoPgsqlConnection":
            "categories cleanup database enable_ha failover_timeout host "
            + "instance_description instance_name last_failover password port ssl_ca ssl_cert "
            + "ssl_key ssl_mode table_prefix user",
        "Influxdb2Writer":
            "auth_token bucket enable_ha enable_send_metadata enable_send_thresholds "
            + "flush_interval flush_threshold host host_template organization port "
            + "service_template ssl_ca_cert ssl_cert ssl_enable ssl_insecure_noverify ssl_key",
        "InfluxdbWriter":
            "basic_auth database enable_ha enable_send_metadata enable_send_thresholds "
            + "flush_interval flush_threshold host host_template password port "
            + "service_template ssl_ca_cert ssl_cert ssl_enable ssl_insecure_noverify ssl_key "
            + "username",
        "LivestatusListener": "bind_host bind_port compat_log_path socket_path socket_type",
        "Notification":
            "command host_name interval last_notification last_problem_notification "
            + "next_notification notification_number period service_name states times types "
            + "user_groups users vars zone",
        "NotificationCommand": "arguments command env timeout vars",
        "NotificationComponent": "enable_ha",
        "OpenTsdbWriter":
            "enable_generic_metrics enable_ha host host_template port service_template",
        "PerfdataWriter":
            "enable_ha host_format_template host_perfdata_path host_temp_path "
            + "rotation_interval service_format_template service_perfdata_path "
            + "service_temp_path",
        "ScheduledDowntime":
            "author child_options comment duration fixed host_name ranges service_name",
        "Service":
            "acknowledgement acknowledgement_expiry acknowledgement_last_change action_url "
            + "check_attempt check_command check_interval check_period check_timeout "
            + "command_endpoint display_name downtime_depth enable_active_checks "
            + "enable_event_handler enable_flapping enable_notifications "
            + "enable_passive_checks enable_perfdata event_command flapping flapping_current "
            + "flapping_ignore_states flapping_last_change flapping_threshold_high "
            + "flapping_threshold_low groups handled host_name icon_image icon_image_alt "
            + "last_check last_check_result last_hard_state last_hard_state_change "
            + "last_reachable last_state last_state_change last_state_critical last_state_ok "
            + "last_state_type last_state_unknown last_state_unreachable last_state_warning "
            + "max_check_attempts next_check next_update notes notes_url "
            + "previous_state_change problem retry_interval severity state state_type vars "
            + "volatile zone",
        "ServiceGroup": "display_name groups",
        "StatusDataWriter": "objects_path status_path update_interval",
        "SyslogLogger": "facility severity",
        "TimePeriod": "display_name excludes includes is_inside prefer_includes ranges",
        "User":
            "display_name email enable_notifications groups last_notification pager period "
            + "states types vars",
        "UserGroup": "display_name groups",
        "WindowsEventLogLogger": "severity",
        "Zone": "endpoints global parent",
    ]

    /// What not every Icinga from 2.13 to 2.16 knows.
    static let notEverywhere: Set = [
        "connected", "deleted_runtime_objects", "disconnect_timeout",
        "enforce_filter_expression_permission", "host_tags_template", "http_response_headers",
        "icingadb_identifier", "last_notified_state_per_user", "messages_received_per_type",
        "redundancy_group", "seconds_processing_messages", "service_tags_template",
        "should_connect", "username",
    ]
}
