/** The tables to guard; run inside a transaction, once. */
export const tables = `
create table customers (
  id int primary key, company text not null, city text not null, contact text not null unique, since date not null
);
create table orders (
  id int primary key, customer_id int not null references customers, item text not null,
  quantity int not null check (quantity > 0), total numeric(10, 2) not null,
  status text not null check (status in ('new', 'paid', 'shipped', 'returned')), ordered_on date not null
);
comment on table customers is 'Invented, all of them';
insert into customers select * from jsonb_to_recordset($customers$CUSTOMERS$customers$::jsonb)
  as c(id int, company text, city text, contact text, since date);
insert into orders select * from jsonb_to_recordset($orders$ORDERS$orders$::jsonb)
  as o(id int, customer_id int, item text, quantity int, total numeric, status text, ordered_on date);
`
  .replace("CUSTOMERS", () => JSON.stringify(customers()))
  .replace("ORDERS", () => JSON.stringify(orders()));

function customers(): readonly object[] {
  const known: readonly (readonly [company: string, city: string])[] = [
    ["Aldermoor Books", "Leeds"],
    ["Birch & Bramble", "Bristol"],
    ["Copperline Cycles", "Utrecht"],
    ["Dovecote Dairy", "Cork"],
    ["Elmfield Optics", "Jena"],
    ["Fennel & Fig", "Lyon"],
    ["Gullwing Travel", "Porto"],
    ["Harbourside Tools", "Hull"],
    ["Ironbark Furniture", "Perth"],
    ["Juniper Print", "Oslo"],
    ["Kestrel Analytics", "Dublin"],
    ["Lanternworks", "Ghent"],
    ["Millrace Pottery", "Stoke"],
    ["Northwind Sails", "Kiel"],
    ["Otterbank School", "York"],
    ["Pinecrest Clinic", "Graz"],
  ];
  return known.map(([company, city], index) => {
    const domain = company.toLowerCase().replaceAll(/[^a-z]+/g, "-");
    const since = day(2019, index * 131);
    return { id: index + 1, company, city, contact: `orders@${domain}.example`, since };
  });
}

function orders(): readonly object[] {
  const items: readonly (readonly [item: string, price: number])[] = [
    ["desk lamp", 39.9],
    ["standing desk", 489],
    ["office chair", 259.5],
    ["label printer", 129],
    ["whiteboard", 74.25],
    ["paper, box of five", 24.8],
    ["coffee machine", 649],
  ];
  const statuses = ["shipped", "shipped", "paid", "shipped", "returned", "shipped", "new"];
  return Array.from({ length: 60 }, (_, index) => {
    const [item, price] = items[(index * 5) % items.length] ?? ["desk lamp", 39.9];
    const quantity = 1 + ((index * 3) % 8);
    return {
      id: 1001 + index,
      customer_id: 1 + ((index * 7) % 16),
      item,
      quantity,
      total: (price * quantity).toFixed(2),
      status: statuses[(index * 11) % statuses.length],
      ordered_on: day(2026, index * 4),
    };
  });
}

function day(year: number, days: number): string {
  return new Date(Date.UTC(year, 0, 2 + days)).toISOString().slice(0, 10);
}
