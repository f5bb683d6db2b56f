/** The audit log. */
export const audit = {
  'audit.title': 'Sổ kiểm toán',
  'audit.lead': 'Chỉ ghi thêm, mỗi mục là một lá của cây Merkle. Sửa một mục cũ là lộ.',
  'audit.verify': 'Kiểm tra toàn bộ sổ',
  'audit.verifying': 'Đang đọc lại từng mục…',
  'audit.intact': 'Sổ nguyên vẹn',
  'audit.broken': 'Sổ đã bị thay đổi',
  'audit.verdict': '{size} mục, {checkpoints} mốc đã ký',
  'audit.root': 'Gốc cây',
  'audit.empty': 'Sổ chưa có mục nào',
  'audit.col.index': 'Số',
  'audit.col.actor': 'Ai',
  'audit.col.action': 'Việc',
  'audit.col.target': 'Đối tượng',
  'audit.hash': 'Giá trị băm của lá',
} as const;
