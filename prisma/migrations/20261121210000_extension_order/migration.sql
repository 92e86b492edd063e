-- Two that ask at the same moment for the same access to last longer each count the extensions before theirs: one of them is the first, and
-- the other has to count again. Requests of before have no place.
create unique index access_requests_extension_key
  on access_requests ((terms -> 'extends' ->> 'requestId'), (terms -> 'extends' ->> 'place'))
  where terms -> 'extends' -> 'place' is not null;
