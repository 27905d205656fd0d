//! What a demo organisation consists of.

/// A department: its name, the one above it, the title of its head, the titles of its members, and its share of the people.
pub(super) struct Unit {
    pub(super) name: &'static str,
    pub(super) parent: Option<&'static str>,
    pub(super) head: &'static str,
    pub(super) titles: &'static [&'static str],
    pub(super) share: u32,
}

const fn unit(
    name: &'static str,
    parent: Option<&'static str>,
    head: &'static str,
    titles: &'static [&'static str],
    share: u32,
) -> Unit {
    Unit { name, parent, head, titles, share }
}

/// Parents come before their children; the first is the whole organisation.
pub(super) const UNITS: [Unit; 16] = [
    unit("Executive Office", None, "Chief Executive Officer", &["Executive Assistant"], 1),
    unit("Engineering", Some("Executive Office"), "Chief Technology Officer", &["Staff Engineer"], 2),
    unit(
        "Platform",
        Some("Engineering"),
        "Engineering Manager",
        &["Software Engineer", "Senior Software Engineer", "Site Reliability Engineer"],
        14,
    ),
    unit(
        "Product Development",
        Some("Engineering"),
        "Engineering Manager",
        &["Software Engineer", "Senior Software Engineer", "Product Designer"],
        18,
    ),
    unit("Quality", Some("Engineering"), "Quality Manager", &["Test Engineer", "Quality Inspector"], 8),
    unit("Operations", Some("Executive Office"), "Chief Operating Officer", &["Operations Analyst"], 2),
    unit(
        "Production",
        Some("Operations"),
        "Production Manager",
        &["Machine Operator", "Shift Supervisor", "Maintenance Technician"],
        22,
    ),
    unit("Logistics", Some("Operations"), "Logistics Manager", &["Warehouse Associate", "Dispatcher", "Driver"], 12),
    unit("Sales", Some("Executive Office"), "Chief Revenue Officer", &["Sales Analyst"], 2),
    unit("Key Accounts", Some("Sales"), "Sales Manager", &["Account Manager", "Account Executive"], 10),
    unit("Customer Support", Some("Sales"), "Support Manager", &["Support Specialist", "Support Engineer"], 12),
    unit("Finance", Some("Executive Office"), "Chief Financial Officer", &["Accountant", "Controller"], 7),
    unit("Purchasing", Some("Finance"), "Purchasing Manager", &["Buyer"], 5),
    unit("People", Some("Executive Office"), "Head of People", &["Recruiter", "People Partner", "Payroll Specialist"], 6),
    unit("Marketing", Some("Executive Office"), "Head of Marketing", &["Content Editor", "Campaign Manager"], 6),
    unit("Legal", Some("Executive Office"), "General Counsel", &["Legal Counsel"], 3),
];

/// A place of work: its name, its country and its time zone.
pub(super) const LOCATIONS: [(&str, &str, &str); 5] = [
    ("Berlin", "DE", "Europe/Berlin"),
    ("Lyon", "FR", "Europe/Paris"),
    ("Lisbon", "PT", "Europe/Lisbon"),
    ("Kraków", "PL", "Europe/Warsaw"),
    ("Toronto", "CA", "America/Toronto"),
];
