// Made once with openssl for these tests, for a hundred years. The authority's key was thrown away, and only
// a test that calls `trustTestAuthority` trusts it: the leaf protects nothing.
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

export const testAuthority = `-----BEGIN CERTIFICATE-----
MIIBbDCCAROgAwIBAgIBATAKBggqhkjOPQQDAjAdMRswGQYDVQQDDBJEcmF3YnJp
ZGdlIHRlc3QgQ0EwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMB0x
GzAZBgNVBAMMEkRyYXdicmlkZ2UgdGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABA3kG4Tihpqe4KTv2eEKszaP9K6xeAwqYpGAt8/uApb7xcYeuKd45do5
yd0EMdpKEwUk/J9JwzHHY8Y4MJjeSaWjQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYD
VR0PAQH/BAQDAgIEMB0GA1UdDgQWBBRCZWdXs5R86BDGp3J06te6/FMcnDAKBggq
hkjOPQQDAgNHADBEAiBfv3yBPn+s2t6MLE90y8aM5hpzfAf7LisFVc18Rk6YnQIg
P/rn75++VVBW9MqwxIw4Kv8bhhRb8XLxivlYsc3QmwY=
-----END CERTIFICATE-----`;

/** For `*.vault.azure.net`, localhost and 127.0.0.1. */
export const loopbackLeaf = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBuDCCAV2gAwIBAgIBAjAKBggqhkjOPQQDAjAdMRswGQYDVQQDDBJEcmF3YnJp
ZGdlIHRlc3QgQ0EwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBMx
ETAPBgNVBAMMCGxvb3BiYWNrMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAElHR7
0zqPyBTaReQ5OOlI+YY+kzJrT6VJXYEDKp9G3qmE9IzPo3nnoWjxGOPrw1+AYriB
pBeEthhSdxQVwRREEaOBlTCBkjAMBgNVHRMBAf8EAjAAMBMGA1UdJQQMMAoGCCsG
AQUFBwMBMC0GA1UdEQQmMCSCESoudmF1bHQuYXp1cmUubmV0gglsb2NhbGhvc3SH
BH8AAAEwHQYDVR0OBBYEFFlFNBovvPpEkZs8ybPpnSgKvfsbMB8GA1UdIwQYMBaA
FEJlZ1ezlHzoEMancnTq17r8UxycMAoGCCqGSM49BAMCA0kAMEYCIQDu/SpCD0HF
nIb2d068UoOjbWcO4vmDDdvH+Qt9kx8y3QIhAL9t0UOMSXdIsQOOhQIkGXhuNlHW
AKWgGqjHhgQRzA+s
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTGdN/PgWJtiWgIvj
R8mMq1jShLhB0d+2bqqh6iPbMP2hRANCAASUdHvTOo/IFNpF5Dk46Uj5hj6TMmtP
pUldgQMqn0beqYT0jM+jeeehaPEY4+vDX4BiuIGkF4S2GFJ3FBXBFEQR
-----END PRIVATE KEY-----`,
};

/** Makes TLS clients of this process trust the test authority too, until the returned function is called. */
export function trustTestAuthority(): () => void {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, testAuthority]);
  return () => setDefaultCACertificates(before);
}
