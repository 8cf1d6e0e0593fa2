"""What may be published of counts: no single report can be told from them. Imports queries/engine alone."""
