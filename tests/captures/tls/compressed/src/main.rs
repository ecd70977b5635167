//! A client and a server of TLS 1.3 on loopback whose certificate messages are compressed: once with zlib and once with brotli (RFC 8879).
//! Secrets are written where SSLKEYLOGFILE says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::compress::{BROTLI_COMPRESSOR, BROTLI_DECOMPRESSOR, ZLIB_COMPRESSOR, ZLIB_DECOMPRESSOR};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, KeyLogFile, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

fn main() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["www.example.com".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    for (compressor, decompressor) in [(ZLIB_COMPRESSOR, ZLIB_DECOMPRESSOR), (BROTLI_COMPRESSOR, BROTLI_DECOMPRESSOR)] {
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let mut server =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        server.cert_compressors = vec![compressor];
        let mut client = ClientConfig::builder().with_root_certificates(roots.clone()).with_no_client_auth();
        client.cert_decompressors = vec![decompressor];
        client.key_log = Arc::new(KeyLogFile::new());
        let listener = TcpListener::bind("127.0.0.1:8443").unwrap();
        let answering = std::thread::spawn(move || {
            let (socket, _) = listener.accept().unwrap();
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(server)).unwrap(), socket);
            let mut asked = [0; 4];
            stream.read_exact(&mut asked).unwrap();
            stream.write_all(b"pong").unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        });
        let name = ServerName::try_from("www.example.com").unwrap();
        let socket = TcpStream::connect("127.0.0.1:8443").unwrap();
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(client), name).unwrap(), socket);
        stream.write_all(b"ping").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, b"pong");
        answering.join().unwrap();
    }
}
