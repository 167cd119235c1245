"""Decision tables as files: written as Markdown, JSON or XLSX, read and proven in one way."""
