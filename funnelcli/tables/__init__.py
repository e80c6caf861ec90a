"""Tables: a report becomes what every format can write; typed raw values, and the few sentences around them."""
