/** Backups and the proof that they restore. */
export const backups = {
  'nav.backups': 'Sao lưu',

  'backups.title': 'Sao lưu',
  'backups.lead':
    'Một bản sao lưu chỉ được tính khi đã khôi phục thử: mở ra, đọc lại trọn sổ kiểm toán, cho từng khóa ký.',
  'backups.standing': 'Tình trạng sao lưu',
  'backups.standing.none': 'Chưa có bản sao lưu nào',
  'backups.standing.failed': 'Bản sao lưu mới nhất không khôi phục được',
  'backups.standing.overdue': 'Bản sao lưu khôi phục được đã quá cũ',
  'backups.standing.unproven': 'Có bản sao lưu, nhưng chưa khôi phục thử',
  'backups.standing.due': 'Đã đến lúc sao lưu lại',
  'backups.standing.proven': 'Khôi phục được',
  'backups.why.none': 'Hỏng ổ đĩa này là mất khóa, chứng thư số, sổ kiểm toán và sự cố của thành phố.',
  'backups.why.failed': 'Lần khôi phục thử gần nhất đã lỗi. Tạo bản mới và thử lại ngay.',
  'backups.why.overdue': 'Hơn 35 ngày không có bản sao lưu nào được chứng minh là khôi phục được.',
  'backups.why.unproven': 'Khôi phục thử để biết chắc: việc này không động đến hệ thống đang chạy.',
  'backups.why.due': 'Hơn 7 ngày làm việc sẽ mất nếu phải khôi phục lúc này.',
  'backups.why.proven': 'Bản mới nhất đã mở được, sổ kiểm toán trong đó nguyên vẹn.',
  'backups.covers': 'Khôi phục được đến',
  'backups.proven': 'Khôi phục thử gần nhất',
  'backups.created': 'Sao lưu gần nhất',
  'backups.never': 'chưa lần nào',

  'backups.next': 'Việc cần làm',
  'backups.where': 'Chạy trên máy chủ, bằng tài khoản chạy Kỳ Đài.',
  'backups.next.create': 'Sao lưu',
  'backups.next.verify': 'Khôi phục thử',
  'backups.next.nightly': 'Mỗi đêm',
  'backups.hint.create':
    'Chạy được cả khi hệ thống đang làm việc. Chép tệp sang máy khác, và cất mật khẩu ở nơi khác với tệp: mất mật khẩu thì không khôi phục được.',
  'backups.hint.verify':
    'Khôi phục vào một thư mục tạm rồi xóa. Nếu khóa được bảo vệ bằng KYDAI_PASSPHRASE, hãy đặt biến đó để thử cả khóa.',
  'backups.hint.nightly': 'Thêm dòng này vào crontab: sao lưu và khôi phục thử lúc 2 giờ 15 mỗi đêm.',

  'backups.empty': 'Chưa có bản sao lưu nào được tạo ở đây',
  'backups.emptyHint': 'Chép các lệnh ở trên và chạy trên máy chủ; kết quả sẽ hiện ở đây.',
  'backups.col.made': 'Thời điểm',
  'backups.col.state': 'Khôi phục thử',
  'backups.col.holds': 'Nội dung',
  'backups.col.file': 'Tệp',
  'backups.col.bytes': 'Dung lượng',
  'backups.state.proven': 'Được',
  'backups.state.failed': 'Không được',
  'backups.state.unproven': 'Chưa thử',
  'backups.notOpened': 'chưa mở ra xem',
  'backups.holds': '{entries} mục kiểm toán · {events} sự kiện',
  'backups.keys': '{n} khóa ký được',
  'backups.keysNotTried': 'chưa thử khóa',
  'backups.place.beside': 'cùng ổ đĩa với dữ liệu: hãy chép sang nơi khác',
  'backups.place.elsewhere': 'trên ổ đĩa khác',
  'backups.place.away': 'không còn thấy ở đó',
  'backups.notInIt': 'Không nằm trong bản sao lưu',
  'backups.notInIt.keys-in-token':
    'Khóa trong thiết bị PKCS#11 {name}: sao lưu thiết bị theo cách của nhà sản xuất.',
  'backups.notInIt.events-in-elasticsearch':
    'Sự kiện trong Elasticsearch ({name}): dùng snapshot của Elasticsearch.',
} as const;
