# TLS on loopback: a CA of this Glance's own, and a certificate that it signed.
# Both are made once, and anew when a month is left of them.

TLS_DAYS=825
TLS_SECONDS_LEFT_MIN=2592000

# Makes DIR/tls: ca.pem is for clients, the keys are for this user alone.
tls_configure() {
    local tls="$DIR/tls" log="$DIR/log/tls.log"
    if openssl x509 -checkend "$TLS_SECONDS_LEFT_MIN" -noout -in "$tls/certificate.pem" >/dev/null 2>&1; then
        return
    fi
    step tls "making a CA and a certificate in $tls"
    rm -rf "$tls"
    mkdir -p "$tls"
    {
        (umask 077 && tls_key "$tls/ca.key" && tls_key "$tls/key.pem") &&
            openssl req -x509 -new -key "$tls/ca.key" -days "$TLS_DAYS" -out "$tls/ca.pem" -subj "/CN=Glance CA $(identity_secret | cut -c 1-8)" \
                -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign &&
            openssl req -new -key "$tls/key.pem" -out "$tls/request.pem" -subj /CN=localhost \
                -addext subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost -addext extendedKeyUsage=serverAuth &&
            openssl x509 -req -in "$tls/request.pem" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial \
                -days "$TLS_DAYS" -copy_extensions copy -out "$tls/certificate.pem"
    } >"$log" 2>&1 || fail "openssl could not make a certificate: $(tail -n 1 "$log") (all of it: $log)"
    rm -f "$tls/request.pem"
    chmod 0755 "$tls"
    chmod 0644 "$tls/ca.pem" "$tls/certificate.pem"
}

tls_key() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}
