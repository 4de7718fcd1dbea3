use super::*;

fn check(names: &str, expected: Option<Pii>) {
    for name in names.split_whitespace() {
        assert_eq!(likely_personal(name), expected, "{name}");
    }
}

#[test]
fn what_names_a_person_in_every_spelling() {
    check(
        "email e_mail e-mail eMail E-Mail mail Email EMAIL emails email2 email_address emailAddress email-address emailaddress
         user_email userEmail UserEmail customer.email /buyer/email work_email contact_email_hash email_id new_email
         phone phone_number phoneNumber PHONE_NUMBER customerPhoneNumber phone_no telephone tel mobile mobile_number
         user_mobile fax whatsapp_number msisdn phones phone_1 phone_hash
         ip ips ip_address ipAddress IPAddress ipAddr ip_addr client_ip clientIP remote_addr remoteAddr source_ip ipv4
         ipv6 last_login_ip ip_hash ip_address_1 geoip IPv4 clientIPv6 IPv4Address
         address addresses street_address shipping_address billingAddress address_line_2 home_address wallet_address
         mac mac_address macAddress device_mac
         name first_name firstName lastname last-name full_name fullName display_name displayName user_name username
         userName nickname surname given_name middle_name maiden_name buyer.name customer_name memberName cardholder_name
         data.name properties.name legal_name
         ssn social_security_number passport passport_number national_id nationalId tax_id cpf
         iban IBAN card_number cardNumber credit_card bank_account account_number
         device_id deviceId deviceid device_token imei idfa advertising_id browser_fingerprint cookie cookies cookie_id
         user recipient user_id userId userID user_uuid customer_id account_id masterAccountId member_ids owner_id owner_id_hash
         session_id session_id_hash telegram_id
         author approver assignee approved_by approvedBy mergedBy created_by reviewer",
        Some(Pii::Identifier),
    );
}

#[test]
fn what_says_something_of_a_person() {
    check(
        "birth_date birthDate birthdate birthday date_of_birth dateOfBirth dob birth_year place_of_birth user_dob
         gender sex age user_age nationality marital_status
         latitude longitude lat lng lon user_location userLocation location last_location geo_lat pickup_lon home_coordinates
         gps_coords home_location geolocation
         user_agent userAgent user-agent useragent User-Agent user_agent_string
         avatar avatar_url avatarUrl photo photos photo_url profile_picture profile_image_url picture selfie
         zip_code zipcode postal_code postcode",
        Some(Pii::Personal),
    );
    check("bio user_bio biography", Some(Pii::FreeText));
}

#[test]
fn what_only_sounds_like_it() {
    check(
        "event_name eventName zone_name file_name fileName filename model_name modelName hostname host_name tool.name
         tool_name command_name branch_name item.name app_name service_name
         ip_count ipCount ip_version server_ip host_ip pod_ip zip vip skip ship clip tooltip
         shipping_method phone_prefix phone_verified phone_country phone_type smartphone_model iPhone headphone
         email_template email_verified email_sent email_count has_email hasEmail is_mobile has_avatar requires_phone
         count_of_emails max_ips no_phone avatar_changed photo_count cookie_consent
         memory_address listen_address contract_address address_space base_address
         file_location error_location location_type storage_location translation flat plate latency p99_lat lat_ms
         x y position player_position coordinates
         gender_ratio agent agent_id sub_agent machine macro macos hmac platform_mobile
         order_number line_number order_id event_id community_id tenant_id id request_id trace_id parent_id client_id
         status marital card card_id account balance account_type user_count users_total active_users total_users
         sorted_by blocked_by powered_by author_count birth_country_count age_band age_seconds max_age
         message comment title description reason code value text data payload",
        None,
    );
    check("", None);
    assert_eq!(likely_personal(" _-./ 12 34"), None);
}

#[test]
fn any_text_is_a_name() {
    // Only the end of a long name is looked at, wherever that cuts a letter or a word.
    assert_eq!(likely_personal(&format!("{}_email", "a".repeat(1_000))), Some(Pii::Identifier));
    assert_eq!(likely_personal(&format!("{}_email", "ä_".repeat(1_000))), Some(Pii::Identifier));
    assert_eq!(likely_personal(&"email_".repeat(1_000)), Some(Pii::Identifier));
    assert_eq!(likely_personal(&"Ä1".repeat(1_000)), None);
    for length in 0..200 {
        let _any = likely_personal(&"Iß9_".chars().cycle().take(length).collect::<String>());
    }
}
