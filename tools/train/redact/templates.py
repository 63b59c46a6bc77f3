"""Own sentences with holes, and text without personal data that looks as if it had some."""

TEMPLATES = """My name is {person} and I live at {address}.
Hi, this is {person}. Call me back on {phone} or write to {email}.
Please send the invoice for {money} to {org}, {address}.
{person} works at {org} in {place}.
Dear {title} {last}, your appointment is on {date} at {time}.
Meeting with {person}, {person} and {person} on {date}, {time}, at {org}.
Attendees: {first}, {first}, {first} and {first}.
Transfer {money} to account {account}, account holder {person}.
My card {card} was charged {money} on {date}.
The IBAN is {account} and the card number is {card}.
Failed login for user {first} from {ip} at {time} on {date}
You can find the document at {url} or ask {email}.
Ship to:\\n{person}\\n{address}\\nPhone: {phone}
{person}\\n{org}\\n{address}\\n{email}\\n{url}
Name: {person}\\nDate of birth: {date}\\nPhone: {phone}\\nE-mail: {email}
Social security number: {account}
Her passport number is {account}, issued in {place}.
I moved from {place} to {place} in {year}.
{first} was born on {date} in {place}.
Book a table for {title} {last} at {time} {date} in {place}.
{title} {last} will see you at {time}.
Could {first} and {first} meet at {address} on {date}?
The server {ip} is down, contact {first} at {phone}.
{org} announced on {date} that {person} will join from {org}.
"I cannot pay {money}," said {person}, the owner of {org}.
Regards,\\n{person}\\n{org}
Thanks, {first}
Hello {first}, how are you?
{first}: are you coming to {place} on {date}?\\n{last}: yes, at {time}
Please block card no {card}, my number is {phone}.
Refund {money} to {person} ({email}).
Ticket 48213 from {person}: the order never came to {address}.
{person} <{email}> wrote on {date}:
From: {person} <{email}>\\nTo: {person}\\nDate: {date}
We drove from {place} through {place} and {place}.
Contact {org} at {phone}, {email} or {url}.
His driver's licence is {account}.
I owe {first} {money}.
Patient {person}, born {date}, lives at {address}.
The {org} office is at {address}, open from {time} to {time}.
Say hi to {first}'s sister {first}!
{last} and {last} founded {org} in {place}.
The address of {org} is {address}
pay {money} to {org} before {date}
what's the weather in {place} {date}
my sister {first} lives on {street}
The corner of {street} and {street}
I'll be in {place} from {date} to {date}, my flat is {address}.
Account number {account}, sort code {account}, amount {money}.
{org} ({url}) hired {person}, who used to work for {org}.
Name: {person}, Address: {address}, SSN: {account}
Is {person} there? {title} {last} from {org} is calling.
>{person}\\n>{org}\\n>{address}\\n>{phone}
Mobile: {phone}\\nOffice: {phone}\\nFax: {phone}
Log: {ip} GET {url} 200
{person}, {person}, {person}; {org}; {place}
THE LETTER FOR {person} ARRIVED AT {address}
{title} {person}\\n{address}""".splitlines()
TITLES = "Mr. Mrs. Ms. Dr. Prof. Mr Mrs Ms Dr Miss Sir".split()
NOTHING = """The quick brown fox jumps over the lazy dog.
How do I open my credit card statement?
Version 2.10.3 fixes 14 bugs and adds 3 options.
Chapter 12 explains Supply and Demand.
Capitalised Words like Hope, Truth and Order are not names.
CAN I SPEAK TO SOMEBODY? THIS IS NOT WORKING!!!
The order number is 48213-A and the model is XR-500.
Room 204 is free, but room 1105 is not.
We need 3 chairs, 12 plates and 250 grams of sugar.
I would like to change my password, please.
Error 404: the page was not found
See section 3.2, figure 7 and table 11.
The score was 3-2 after 90 minutes.
What is the limit of my card?
Producer, Director, Editor and Writer wanted
The Chief Executive Officer and the Board of Directors resigned.
It weighs 1,250 kg and is 4.5 m long.""".splitlines()
