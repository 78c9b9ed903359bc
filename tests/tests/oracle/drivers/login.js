// Logs in with each key file of the cases on standard input by node-postgres. One line a case: name,
// role, key, certificate, passphrase; answers name and yes or no, and why.
const fs = require('fs');
const pg = require('pg');

const [port, root] = process.argv.slice(2);

async function login(role, key, certificate, passphrase) {
  const bytes = fs.readFileSync(key);
  const own = key.endsWith('.p12') ? { pfx: bytes } : { key: bytes, cert: fs.readFileSync(certificate) };
  const client = new pg.Client({
    host: 'localhost', port: Number(port), database: 'postgres', user: role,
    ssl: { ...own, ca: fs.readFileSync(root), passphrase: passphrase || undefined },
  });
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end().catch(() => {});
  }
}

(async () => {
  for (const line of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const [name, ...rest] = line.split('\t');
    try {
      await login(...rest);
      console.log(`${name}\tyes`);
    } catch (error) {
      console.log(`${name}\tno\t${String(error.message).replace(/\s+/g, ' ')}`);
    }
  }
})();
