use super::*;

fn wanted(form: Form) -> Wanted {
    Wanted::new(form, &Window { offset: 0, limit: 100, ..Window::default() })
}

fn plain(pieces: &Pieces, form: Form) -> Vec<PieceReport> {
    pieces.report(&wanted(form), &mut Lists::default(), |_, bytes| bytes.to_vec())
}

#[test]
fn what_one_end_sends_in_a_row_is_a_piece_and_long_ones_are_cut() {
    let (wanted, mut room, mut pieces) = (wanted(Form::Text), Room(1 << 20), Pieces::default());
    for (from, bytes, frame) in [
        (Side::Client, &b"GET "[..], 1),
        (Side::Client, b"/\r\n", 2),
        (Side::Server, &[b'x'; 1000], 3),
        (Side::Client, b"\\", 4),
    ] {
        pieces.data(from, bytes, frame, false, &wanted, &mut room);
    }
    pieces.hole(Side::Server, 7, 5, &wanted, &mut room);
    pieces.data(Side::Server, b"end", 6, false, &wanted, &mut room);
    pieces.close(&wanted, &mut room);
    let told = plain(&pieces, Form::Text);
    let shape: Vec<_> = told.iter().map(|p| (p.from, p.offset, p.length, p.missing, p.frames.clone())).collect();
    let expected = [
        (From::Client, 0, 7, 0, vec![1, 2]),
        (From::Server, 0, 960, 0, vec![3]),
        (From::Server, 960, 40, 0, vec![3]),
        (From::Client, 7, 1, 0, vec![4]),
        (From::Server, 1000, 0, 7, vec![5]),
        (From::Server, 1007, 3, 0, vec![6]),
    ];
    assert_eq!(shape, expected);
    assert_eq!(told[0].text.as_deref(), Some("GET /\\x0d\\x0a"));
    assert!(told.iter().all(|piece| piece.left_out == 0));
    let [client, server] = pieces.sent();
    assert_eq!((client.bytes, client.frames), (8, 3));
    assert_eq!((server.bytes, server.missing_bytes, server.frames), (1003, 7, 2));
}

#[test]
fn pages_joined_are_all_pieces_and_room_is_bounded() {
    let collect = |offset: u64, limit: usize, mut room: Room| {
        let wanted = Wanted::new(Form::Hex, &Window { offset, limit, ..Window::default() });
        let mut pieces = Pieces::default();
        for frame in 0..50_u8 {
            pieces.data(Side::Client, &[frame; 100], frame.into(), false, &wanted, &mut room);
        }
        pieces.close(&wanted, &mut room);
        pieces
    };
    let whole = plain(&collect(0, 100, Room(1 << 20)), Form::Hex);
    assert_eq!((whole.len(), whole[0].length), (11, 480));
    let mut joined = Vec::new();
    while joined.len() < 11 {
        let page = collect(joined.len() as u64, 4, Room(1 << 20));
        assert_eq!(page.totals(), (11, 0));
        joined.extend(plain(&page, Form::Hex));
    }
    assert_eq!(serde_json::to_string(&joined).unwrap(), serde_json::to_string(&whole).unwrap());
    let little = collect(0, 100, Room(1500));
    assert_eq!((little.totals(), plain(&little, Form::Hex).len()), ((11, 9), 2));
}
